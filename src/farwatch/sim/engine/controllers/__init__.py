"""The controllers of kube-controller-manager, in small: each keeps one kind of object in order."""

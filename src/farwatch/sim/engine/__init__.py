"""What makes a simulated cluster move: controllers, scheduler, kubelets and nodes in small, on one heap of timers."""

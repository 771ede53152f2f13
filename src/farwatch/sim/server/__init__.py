"""The simulated cluster's HTTP side: what a request asks for, whether it may, and the answer in the server's words."""

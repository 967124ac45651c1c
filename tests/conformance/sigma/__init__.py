"""Sigma evaluated slowly and plainly, straight from specification 2.1.0: the oracle for `mandate detect`."""

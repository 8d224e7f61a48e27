"""Stays as family heard of them: how each stands by its newest fact, and who holds a journey by them."""

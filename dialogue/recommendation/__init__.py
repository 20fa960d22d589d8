"""What callers may also like: what can be recommended, how it is scored, when it is said."""

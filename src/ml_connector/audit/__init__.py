"""Who did what, on whose word, provably unaltered. May import storage and below; knows no other capability."""

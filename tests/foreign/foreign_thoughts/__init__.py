"""A package that extends Thoughtmill at each of its seams."""

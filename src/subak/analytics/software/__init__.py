"""Which software a User-Agent names, what kind it is, and what it declares about its purpose."""

"""Second factors: what is asked for besides the password."""

"""What the requests of a log are about: ecosystem, kind, package and version, told from paths alone."""

"""Access logs of registries, proxies and caches, read into one kind of event."""

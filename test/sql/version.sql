-- What the module says it is, and what the extension says it is, are the same.
SELECT pgschema_version() = extversion AS same FROM pg_extension WHERE extname = 'pgschema';

// Package identity runs zagg on granules whose names, folders or coordinates could make observations count twice or not at all,
// from folders, lists, S3 and shard maps, here and in the emulated cloud. It needs ZAGG_PYTHON.
package identity

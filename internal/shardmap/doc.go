// Package shardmap reads and writes shard maps: which granules each shard of a grid must read. The file is one JSON
// object, described in docs/formats; files of earlier zagg releases are read and written unchanged.
package shardmap

// Package view shows stores in a browser: a small page, and what it asks for. The page asks for tiles of a plane; a tile is numbers,
// one for each pixel, and not a picture, so that the page itself colours them, counts them into a histogram, compares two
// variables, and needs no server to do so: Export writes the same tiles as files.
//
// A tile is painted of the cells of the shards that touch it. What is read of a shard is kept, up to a bound of memory; a tile does
// not wait long for what is still being read, but says how many shards are to come.
//
// The server reads only. It answers requests whose Host is an address or a name that it was told, so that no other site's page can
// ask it by a name that leads here, and its page may load nothing but what the server has.
package view

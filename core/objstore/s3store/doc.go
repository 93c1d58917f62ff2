// Package s3store keeps objects in S3 and services that speak its protocol, under URLs s3://bucket/key. Key is taken as
// it stands, whatever its characters, without percent-decoding.
//
// Ranged GETs are signed here and sent side by side; everything else goes through the SDK, which costs eight times the
// CPU a request (80 µs against 10) but is asked a thousandth as often. Neither tries again: put objstore.Retry around
// the store. The one exception is a body that cannot be wound back, see Store.Put.
package s3store

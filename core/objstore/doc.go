// Package objstore reads and writes objects named by URL: local files (File), memory for tests (Mem), and, in packages of their
// own so that programs link only what they use, S3 (s3store) and HTTPS (httpstore).
//
// Wrappers add behaviour, one per file: Retry repeats calls that are Unavailable, Coalesce merges ranges that
// lie close together, Meter counts, Mux picks the driver by the URL's scheme. A usual stack is
//
//	Coalesce(Retry(Meter(Mux(drivers), &counter), Policy{}), 64<<10, 8<<20)
//
// with Meter beneath Retry and Coalesce, so that it counts the requests that are really sent and paid for.
//
// Beyond core.ObjectReader, a driver of this package whose ReadRanges fails may return the ranges that it has read: entries that
// are not nil are complete. Retry then asks only for the nil ones, so that one busy server among a thousand requests does not
// cause 999 others to be repeated.
package objstore

// Package objstore reads and writes objects named by URL: files of this machine (File), memory for tests (Mem), and, in
// folders of their own so that only those who ask link them, S3 (s3store) and HTTPS (httpstore).
//
// Behaviour is added by wrapping, one wrapper a file: Retry tries again what is Unavailable, Coalesce merges ranges that
// lie close together, Meter counts, Mux picks the driver by the URL's scheme. A usual stack is
//
//	Coalesce(Retry(Meter(Mux(drivers), &counter), Policy{}), 64<<10, 8<<20)
//
// with Meter beneath Retry and Coalesce, so that it counts what is really asked of the service and paid for.
//
// One promise goes beyond core.ObjectReader: a driver here whose ReadRanges fails may still return the ranges it has
// read. A nil entry is one it has not; an entry that is not nil is whole. Retry then asks for the nil ones only: of a
// thousand ranges, one that met a busy server does not cost the other 999 a second request.
package objstore

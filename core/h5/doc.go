// Package h5 reads HDF5 files by byte ranges: read-only, pure Go, over a core.ObjectReader. It follows the HDF5 File
// Format Specification version 3.0, and what HDF5 2.0 adds to it.
//
// It has three layers, each built on the previous one.
//
//  1. Objects: Open, File.Object, Group links, attributes, kinds, addresses. Metadata is read through a bounded cache
//     that never asks twice for the same bytes; what several walkers miss is fetched in one request, so that
//     File.Datasets and File.LoadChunks of thirty datasets cost a few round trips, not thirty.
//  2. Values: Dataset.Read gives any selection of any type as packed elements in the file's byte order with a tree of
//     Datatype to read them by, and the heap objects that variable-length elements point to.
//  3. Columns: Dataset.Plan says which bytes some rows need, File.Fetch reads those of many plans in one request, and
//     Plan.Decode turns them into little-endian numbers in the caller's memory.
//
// A File is safe for concurrent use. Nothing in a file can make this package panic, recurse without bound or allocate
// more than the options and the file's size allow: damage is core.Corrupt with the structure and its byte offset.
package h5

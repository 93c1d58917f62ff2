package h5

// Files: opening, options, and when reading all of one is cheaper than reading parts.

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/filter"
	"github.com/englacial/zagg/core/h5/internal/space"
	"github.com/englacial/zagg/core/h5/internal/super"
)

// NoAddress stands for an address that is not there.
const NoAddress = cursor.Undefined

// A Filter undoes a filter that this package does not know: it fills dst from src and returns how many bytes it
// wrote, or an error where dst is too small or src is damaged. It must keep neither slice and be safe for concurrent
// use.
type Filter func(dst, src []byte, params []uint32) (int, error)

// Options tune a File; zero values mean the defaults.
type Options struct {
	FirstRead  int64          // bytes of the first request; default 64 KiB
	ReadAhead  int64          // least bytes of a later request for metadata; default 8 KiB
	TailRead   int64          // bytes at the file's end read along with the second request; default 64 KiB
	WholeFile  int64          // a file of no more bytes is read whole with the second request; default: see WholeFile
	MostWhole  int64          // what WholeFile is at most; default: any
	Request    int64          // bytes that cost as much as a request, for the default of WholeFile
	Learn      bool           // what is read is noted, for File.Pattern
	Like       *Pattern       // of a file that is much the same; nil: none is known
	Gap        int64          // metadata requests of one batch closer than this become one; default 32 KiB
	CacheBytes int64          // most bytes of metadata kept in memory; default 8 MiB
	FetchBytes int64          // most bytes that one Fetch may read; default 1 GiB
	BatchBytes int64          // bytes that ReadPlans reads with a call; default 8 MiB, 256 KiB from quick sources
	ValueBytes int64          // most bytes of values or attributes that one call may return; default 1 GiB
	ChunkBytes int64          // most bytes of one chunk when decoded; default 256 MiB
	Filters    map[int]Filter // filters by their registered number
}

// The defaults of Options.
const (
	firstRead  = 64 << 10
	readAhead  = 8 << 10
	tailRead   = 64 << 10
	gap        = 32 << 10
	align      = 4 << 10
	cacheBytes = 8 << 20
	fetchBytes = 1 << 30
	batchBytes = 8 << 20
	quickBatch = 256 << 10
	valueBytes = 1 << 30
	chunkBytes = 256 << 20
)

// A File is an open HDF5 file. It needs no closing and is safe for concurrent use. mu guards groups and nLinks.
type File struct {
	url     string
	opt     Options
	space   *space.Space
	super   *super.Superblock
	scratch filter.Scratch
	filters map[int]filter.Decoder
	shared  *sharedTable
	whole   bool                      // it is read whole
	top     atomic.Pointer[linkTable] // of the root group, where Options.Learn or Like want it

	mu     sync.Mutex
	groups map[uint64]*linkTable
	nLinks int // in groups
}

// maxKeptLinks bounds the links that a File remembers, so that many paths of one group are resolved once.
const maxKeptLinks = 1 << 16

// Open reads the superblock of the object at url, and as much of what follows as Options.FirstRead says. Bytes that
// are no HDF5 file are Corrupt; errors of src keep their codes.
func Open(ctx context.Context, src core.ObjectReader, url string, opt Options) (*File, error) {
	f := newFile(src, url, opt)
	if err := f.open(f.space.Reader(ctx)); err != nil {
		return nil, f.fail("h5.Open", "", err)
	}
	return f, nil
}

func newFile(src core.ObjectReader, url string, opt Options) *File {
	f := &File{url: url, opt: opt.orDefaults(), groups: map[uint64]*linkTable{}, filters: map[int]filter.Decoder{}}
	for id, d := range opt.Filters {
		f.filters[id] = filter.Decoder(d)
	}
	f.space = space.New(src, url, space.Options{Cache: f.opt.CacheBytes, Ahead: f.opt.ReadAhead, Gap: f.opt.Gap, Align: align, Watch: opt.Learn})
	return f
}

func (o Options) orDefaults() Options {
	o.FirstRead = max(cmp.Or(o.FirstRead, firstRead), 128)
	o.ReadAhead = cmp.Or(o.ReadAhead, readAhead)
	o.TailRead = cmp.Or(o.TailRead, tailRead)
	o.Gap = cmp.Or(o.Gap, gap)
	o.CacheBytes = cmp.Or(o.CacheBytes, cacheBytes)
	o.FetchBytes = cmp.Or(o.FetchBytes, fetchBytes)
	o.ValueBytes = cmp.Or(o.ValueBytes, valueBytes)
	o.ChunkBytes = cmp.Or(o.ChunkBytes, chunkBytes)
	return o
}

// metadataRequests is about how many requests it takes to find the chunks of a granule.
const metadataRequests = 40

// WholeFile is the size up to which a file is better read whole than in pieces, if Options do not say, given how long its
// source took to answer. To find the chunks of a granule takes some seven round trips and forty requests, each structure
// naming the next, and two when it is read whole: the limit is what 75 MB/s, a usual share of a network, transfer in the
// time of six, at least 4 MiB and at most 16 MiB. (A request to S3 costs as much as a worker's time for 0.9 MB.)
func WholeFile(latency time.Duration) int64 {
	const trips, least, most = 6, 4 << 20, 16 << 20
	return min(max(tripsWorth(trips, latency), least), most)
}

// tripsWorth is how many bytes 75 MB/s bring in the time of some round trips.
func tripsWorth(trips int, latency time.Duration) int64 {
	const rate, longest = 75e6, 1e3
	return int64(float64(trips) * rate * min(latency.Seconds(), longest))
}

// ReadsWhole reports whether a file of size bytes is read whole with these options, when the first request to its
// source took latency: that takes less time, or costs less, than more round trips.
func (o Options) ReadsWhole(size int64, latency time.Duration) bool {
	whole := max(WholeFile(latency), metadataRequests*o.Request)
	if o.Like != nil {
		whole = min(whole, o.Like.whole(latency, o.Request))
	}
	whole = cmp.Or(o.WholeFile, whole)
	if o.MostWhole > 0 {
		whole = min(whole, o.MostWhole)
	}
	return size <= whole
}

// hint has the file's end read along with the next request, because the HDF5 library moves the growing heaps of the
// upper groups there when it closes a file; or all of a file that is read whole.
func (f *File) hint() {
	n := min(f.opt.TailRead, f.super.End)
	if f.opt.ReadsWhole(f.super.End, f.space.Latency()) {
		f.whole = true
		n = f.super.End
		f.space.Keep(n)
	}
	f.space.Hint(f.super.End-n, n)
}

// Whole reports whether the file is read, and kept, whole.
func (f *File) Whole() bool { return f.whole }

// holds reports whether n bytes at an address lie in the file. The comparison is arranged so that no sum overflows.
func (f *File) holds(addr, n uint64) bool {
	end := uint64(f.space.Size - f.space.Base)
	return addr <= end && n <= end-addr
}

// URL is the object's.
func (f *File) URL() string { return f.url }

// Size is the file's bytes as its writer noted them.
func (f *File) Size() int64 { return f.super.End }

// UserBlock is the bytes before the HDF5 file proper.
func (f *File) UserBlock() int64 { return f.super.At }

// SuperblockVersion is 0 to 3.
func (f *File) SuperblockVersion() int { return int(f.super.Version) }

// Stats are what a File has asked of its ObjectReader.
type Stats = space.Stats

// Stats is what was asked so far.
func (f *File) Stats() Stats { return f.space.Stats() }

// fail adds the operation, the file and the path in it to an error, whose code stays; nil stays nil.
func (f *File) fail(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var e *core.Error
	if errors.As(err, &e) && e.Op == op {
		return err
	}
	subject := f.url
	if path != "" {
		subject += " " + path
	}
	return &core.Error{Code: core.CodeOf(err), Op: op, Subject: subject, Err: err}
}

package h5dump

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"sort"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core/h5"
)

// What was never written takes no byte of a file and can be declared of any size. These bound the work for it.
const (
	fillBytes  = 4096     // of an element, up to which a fill value of zeros is printed
	fillString = 16 << 20 // the same of a string of fixed length
	fillValues = 64 << 20 // of values, up to which they are printed without being selected
	fillHashed = 2 << 30  // of values, up to which a command hashes them
)

// fillShown reports that a dataset's fill value is worth printing: the file says it, or it is small, as zeros of a string
// are, which are no characters.
func fillShown(set *h5.Dataset) bool {
	t := set.Type()
	return set.FillStored() || t.Size <= fillBytes || t.Class == h5.String && t.Size <= fillString
}

// totalBytes is the bytes of a dataset's values, unwrittenBytes how many of them the file does not have. The chunk table must be
// loaded.
func totalBytes(set *h5.Dataset) int64 {
	space := set.Space()
	return int64(space.Elements()) * int64(set.Type().Size) // less than 2⁶³: datasets are checked
}

func unwrittenBytes(ctx context.Context, set *h5.Dataset) int64 {
	total := totalBytes(set)
	table, err := set.Chunks(ctx)
	switch {
	case err != nil || set.Storage() == h5.Compact || set.Storage() == h5.Virtual:
		return 0 // reading says what is wrong
	case set.Storage() == h5.Contiguous && len(table) > 0:
		return 0
	}
	chunk := float64(set.Type().Size)
	for _, n := range set.ChunkShape() {
		chunk *= float64(n)
	}
	return total - int64(min(float64(total), math.Ceil(chunk*float64(len(table)))))
}

// unreadText says why values that the file hardly has are not gone through.
func unreadText(set *h5.Dataset, unwritten int64) string {
	return fmt.Sprintf("%s of its %s bytes of values were never written", humanize.Comma(unwritten), humanize.Comma(totalBytes(set)))
}

// A hashBudget is the bytes that may still be hashed of values that were never written.
type hashBudget struct {
	left int64
	all  bool
}

// take takes a dataset's values off the budget, or says why not.
func (b *hashBudget) take(ctx context.Context, set *h5.Dataset) string {
	n := int64(0)
	if !b.all {
		n = unwrittenBytes(ctx, set)
	}
	if n > b.left {
		return unreadText(set, n) + ": --full-hash hashes them"
	}
	b.left -= n
	return ""
}

// An valueHash is the SHA-256 of values in packed form.
type valueHash struct {
	hash.Hash
	buf []byte
}

func newHash() *valueHash { return &valueHash{Hash: sha256.New()} }

func (h *valueHash) add(v *h5.Values) {
	h.buf = v.AppendPacked(h.buf[:0])
	h.Write(h.buf)
}

func (h *valueHash) String() string { return hex.EncodeToString(h.Sum(nil)) }

// hash hashes all values of a dataset. Blocks of which nothing was written are hashed without making their values.
func (d *describer) hash(ctx context.Context, set *h5.Dataset) (string, error) {
	sum := newHash()
	table, err := set.Chunks(ctx)
	if err != nil {
		return "", err
	}
	empty := func(h5.Selection) bool {
		return len(table) == 0 && set.Storage() != h5.Compact && set.Storage() != h5.Virtual
	}
	if shape := set.ChunkShape(); len(shape) > 0 {
		empty = func(part h5.Selection) bool {
			first := uint64(part[0][0].Start)
			end := first + uint64(part[0][0].Count)
			i := sort.Search(len(table), func(i int) bool { return table[i].Start[0]+shape[0] > first })
			return i == len(table) || table[i].Start[0] >= end
		}
	}
	if set.Space().Null {
		return sum.String(), nil
	}
	if err := set.Readable(); err != nil {
		return "", err
	}
	err = blocksOf(set, everything(set.Shape()), func(part h5.Selection) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !empty(part) {
			return halve(ctx, set, part, func(v *h5.Values) error { sum.add(v); return ctx.Err() })
		}
		n := int64(1)
		for _, spans := range part {
			n *= spans[0].Count
		}
		return set.WriteFill(sum, n)
	})
	return sum.String(), err
}

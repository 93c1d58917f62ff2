package objstore

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/englacial/zagg/core"
)

// ErrUnlisted is in the chain of the error (Denied) of a List by who may read and write there and not list.
var ErrUnlisted = errors.New("listing is not granted there")

// Unlisted is a store for targets that may not grant listing. S3 tells who may not list a bucket of an object that is not there that it
// is denied, as it does of one that may not be read. Of the objects at and below the given addresses such a denial is taken for NotFound if
// listing is denied, and an object that is there, known, can be read at that moment; it is written once where it is not. Every
// other denial stays one: of expired keys, of who may not read, and where listing is granted.
func Unlisted(s core.ObjectStore, known string, below ...string) core.ObjectStore {
	return &unlisted{ObjectStore: s, known: known, below: below}
}

// UnlistedToRead is Unlisted for who only reads: known is an object that is there already, and nothing is written.
func UnlistedToRead(s core.ObjectStore, known string, below ...string) core.ObjectStore {
	return &unlisted{ObjectStore: s, known: known, below: below, readOnly: true}
}

// knownText is what the known object says to people.
const knownText = "This object tells zagg that objects can be read here, although not listed.\n"

type unlisted struct {
	core.ObjectStore
	known string
	below []string
	// readOnly says that known is not to be written.
	readOnly bool

	mu      sync.Mutex
	asked   bool // whether listing is granted is known
	granted bool
	wrote   bool // known
}

func (u *unlisted) covers(url string) bool {
	for _, b := range u.below {
		b = strings.TrimSuffix(b, "/")
		if url != u.known && (url == b || strings.HasPrefix(url, b+"/")) {
			return true
		}
	}
	return false
}

// lists reports whether listing is granted, as far as that can be found out.
func (u *unlisted) lists(ctx context.Context) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.asked {
		return u.granted
	}
	errStop := errors.New("one is enough")
	err := u.ObjectStore.List(ctx, u.known, func(core.ObjectInfo) error { return errStop })
	switch {
	case err == nil || errors.Is(err, errStop):
		u.asked, u.granted = true, true
	case core.Is(err, core.Denied):
		u.asked = true
	default:
		return true // nothing is said of it
	}
	return u.granted
}

// reads is nil if the known object can be read now.
func (u *unlisted) reads(ctx context.Context) error {
	_, err := u.ObjectStore.Stat(ctx, u.known)
	if !core.Is(err, core.Denied) && !core.Is(err, core.NotFound) {
		return err
	}
	u.mu.Lock()
	first := !u.wrote && !u.readOnly
	u.wrote = true
	u.mu.Unlock()
	if !first {
		return err
	}
	if err := PutBytes(ctx, u.ObjectStore, u.known, []byte(knownText), core.PutOptions{ContentType: "text/plain"}); err != nil {
		return err
	}
	_, err = u.ObjectStore.Stat(ctx, u.known)
	return err
}

// meant is what the error of reading an object means.
func (u *unlisted) meant(ctx context.Context, op, url string, err error) error {
	if !core.Is(err, core.Denied) || !u.covers(url) || u.lists(ctx) {
		return err
	}
	switch e := u.reads(ctx); {
	case core.Is(e, core.Unavailable): // so that it is asked again
		return e
	case e != nil && u.readOnly:
		return core.Wrapf(err, op, url, "without s3:ListBucket a store that is not there cannot be told from one that may not be read: %w", err)
	case e != nil:
		return err
	}
	return core.Errorf(core.NotFound, op, url, "no such object, or no access to it: without s3:ListBucket S3 does not say which")
}

func (u *unlisted) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	data, err := u.ObjectStore.ReadRanges(ctx, url, ranges)
	return data, u.meant(ctx, "objstore.Read", url, err)
}

func (u *unlisted) ReadState(ctx context.Context, url, etag string, ranges []core.Range) ([][]byte, core.ObjectInfo, error) {
	data, info, err := ReadState(ctx, u.ObjectStore, url, etag, ranges)
	return data, info, u.meant(ctx, "objstore.Read", url, err)
}

func (u *unlisted) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	info, err := u.ObjectStore.Stat(ctx, url)
	return info, u.meant(ctx, "objstore.Stat", url, err)
}

// Put on the condition that there is an object fails where there is none: that denial means the same.
func (u *unlisted) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	err := u.ObjectStore.Put(ctx, url, body, opt)
	if opt.IfMatch != "" && opt.IfMatch != MustNotExist {
		return u.meant(ctx, "objstore.Put", url, err)
	}
	return err
}

func (u *unlisted) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	err := u.ObjectStore.List(ctx, prefix, visit)
	if core.Is(err, core.Denied) && u.covers(prefix) && !u.lists(ctx) && u.reads(ctx) == nil {
		return core.Errorf(core.Denied, "objstore.List", prefix, "%w (%w)", ErrUnlisted, err)
	}
	return err
}

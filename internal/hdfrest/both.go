package hdfrest

import (
	"context"
	"iter"
	"strings"
	"sync"

	"github.com/englacial/zagg/core"
)

// Both is a store of files and a Keeper's domains, behind each other: a name that is no file is the Keeper's. Which a name was
// is remembered, so that it is asked first the next time.
func Both(files Store, keeper Keeper) Keeper {
	return &both{Keeper: keeper, files: files, kept: map[Name]bool{}}
}

type both struct {
	Keeper
	files Store

	mu   sync.Mutex
	kept map[Name]bool
}

// maxKept is how many names are remembered.
const maxKept = 1 << 12

func (b *both) Open(ctx context.Context, n Name) (Domain, error) {
	b.mu.Lock()
	kept := b.kept[n]
	b.mu.Unlock()
	first, second := b.files, Store(b.Keeper)
	if kept {
		first, second = second, first
	}
	d, err := first.Open(ctx, n)
	if !elsewhere(err) {
		return d, err
	}
	other, err2 := second.Open(ctx, n)
	if elsewhere(err2) {
		return nil, err
	}
	if err2 == nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.kept) >= maxKept {
			clear(b.kept)
		}
		b.kept[n] = !kept
	}
	return other, err2
}

// Make does not make what would hide a file.
func (b *both) Make(ctx context.Context, n Name, how NewDomain) (Entry, error) {
	if _, err := b.files.Open(ctx, n); err == nil {
		return Entry{}, core.Errorf(core.Invalid, "hdfrest", n.Path, "%w: a file", ErrConflict)
	} else if !elsewhere(err) {
		return Entry{}, err
	}
	return b.Keeper.Make(ctx, n, how)
}

// elsewhere reports an error after which the other store is asked: S3 says Denied of what is not there to whoever may not list.
func elsewhere(err error) bool {
	code := core.CodeOf(err)
	return err != nil && (code == core.NotFound || code == core.Denied)
}

// Folder merges what both have, in the order of names; what is the Keeper's is shown as he says.
func (b *both) Folder(ctx context.Context, folder Name, after string, visit func(Entry) error) error {
	list := func(s Store) (next func() (Entry, error, bool), stop func()) {
		return iter.Pull2(func(yield func(Entry, error) bool) {
			err := s.Folder(ctx, folder, after, func(e Entry) error {
				if !yield(e, nil) {
					return errEnough
				}
				return nil
			})
			if err != nil && err != errEnough {
				yield(Entry{}, err)
			}
		})
	}
	files, stopFiles := list(b.files)
	defer stopFiles()
	kept, stopKept := list(b.Keeper)
	defer stopKept()
	f, fileErr, haveFile := files()
	k, keptErr, haveKept := kept()
	if haveFile && haveKept && elsewhere(fileErr) && elsewhere(keptErr) {
		return fileErr
	}
	for haveFile || haveKept {
		if haveFile && elsewhere(fileErr) {
			haveFile = false
			continue
		}
		if haveKept && elsewhere(keptErr) {
			haveKept = false
			continue
		}
		if haveFile && fileErr != nil {
			return fileErr
		}
		if haveKept && keptErr != nil {
			return keptErr
		}
		var e Entry
		order := strings.Compare(f.Name.Path, k.Name.Path)
		switch {
		case haveKept && (!haveFile || order >= 0):
			if e = k; haveFile && order == 0 {
				f, fileErr, haveFile = files()
			}
			k, keptErr, haveKept = kept()
		default:
			e = f
			f, fileErr, haveFile = files()
		}
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}

package hsds

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// unwindTime is how long taking something back may take.
const unwindTime = 20 * time.Second

func rightsJSON(r hdfrest.Rights, domain string) pyjson.Raw {
	flag := func(b bool) pyjson.Raw {
		if b {
			return pyjson.Raw("true")
		}
		return pyjson.Raw("false")
	}
	m := []pyjson.Member{{Name: "create", Value: flag(r.Create)}, {Name: "read", Value: flag(r.Read)}, {Name: "update", Value: flag(r.Update)},
		{Name: "delete", Value: flag(r.Delete)}, {Name: "readACL", Value: flag(r.ReadACL)}, {Name: "updateACL", Value: flag(r.UpdateACL)}}
	if domain != "" {
		m = append(m, pyjson.Member{Name: "domain", Value: quoted(domain)})
	}
	return appendObject(nil, m)
}

// domainText is a .domain.json.
func domainText(root hdfrest.ID, how *hdfrest.NewDomain) []byte {
	var m, acls []pyjson.Member
	if root != (hdfrest.ID{}) {
		m = append(m, pyjson.Member{Name: "root", Value: quoted(root.String())})
	}
	for _, a := range how.ACLs {
		acls = append(acls, pyjson.Member{Name: a.User, Value: rightsJSON(a.Rights, "")})
	}
	at := number(now())
	return appendObject(nil, append(m, pyjson.Member{Name: "owner", Value: quoted(how.Owner)}, pyjson.Member{Name: "acls", Value: appendObject(nil, acls)},
		pyjson.Member{Name: "created", Value: at}, pyjson.Member{Name: "lastModified", Value: at}))
}

// Make puts the root group, which nobody sees yet, then the domain.
func (s *Store) Make(ctx context.Context, n hdfrest.Name, how hdfrest.NewDomain) (hdfrest.Entry, error) {
	b, err := s.at(ctx, n)
	if err != nil {
		return hdfrest.Entry{}, err
	}
	if strings.HasPrefix(n.Path+"/", "/db/") || strings.HasPrefix(n.Path+"/", "/"+journalFolder) {
		return hdfrest.Entry{}, core.Errorf(core.Invalid, "hsds.Make", n.Path, "this name is kept for what domains consist of")
	}
	src := s.over(b.Source)
	url := b.url(domainKey(n.Path))
	if _, err := src.Stat(ctx, url); err == nil {
		return hdfrest.Entry{}, errTaken("domain or folder", n.Path)
	} else if !core.Is(err, core.NotFound) {
		return hdfrest.Entry{}, err
	}
	var root hdfrest.ID
	undo := func() error { return nil }
	switch {
	case how.Folder:
	case how.Linked != nil:
		if root, undo, err = s.share(ctx, b, n, *how.Linked); err != nil {
			return hdfrest.Entry{}, err
		}
	default:
		if root, undo, err = s.newRoot(ctx, b, n, &how); err != nil {
			return hdfrest.Entry{}, err
		}
	}
	text := domainText(root, &how)
	err = objstore.PutBytes(ctx, src, url, text, core.PutOptions{IfMatch: objstore.MustNotExist, ContentType: "application/json"})
	if errors.Is(err, objstore.ErrPrecondition) {
		there, _, err2 := objstore.Get(ctx, src, url, "", maxMeta)
		if err2 == nil && string(there) == string(text) {
			err = nil
		} else {
			err = errTaken("domain or folder", n.Path)
		}
	}
	if err != nil {
		if !core.Is(err, core.Unavailable) { // else it may be there
			err = errors.Join(err, undo())
		}
		return hdfrest.Entry{}, err
	}
	if how.Linked == nil && !how.Folder {
		src.Delete(ctx, b.url(traceKey(n, root))) //nolint:errcheck // the domain is made; a check removes the trace
	}
	return s.Describe(ctx, n)
}

// newRoot puts a root group; undo removes it.
func (s *Store) newRoot(ctx context.Context, b *Bucket, n hdfrest.Name, how *hdfrest.NewDomain) (root hdfrest.ID, undo func() error, err error) {
	var half [8]byte
	rand.Read(half[:]) //nolint:errcheck // it never fails
	root = hdfrest.RootID(half)
	src := s.over(b.Source)
	url, trace := b.url(objectKey(root)), b.url(traceKey(n, root))
	if err := objstore.PutBytes(ctx, src, trace, []byte(beingMade), core.PutOptions{}); err != nil {
		return root, nil, err
	}
	text := newText(root, root, &hdfrest.NewObject{Kind: hdfrest.GroupKind, Creation: how.Creation})
	err = objstore.PutBytes(ctx, src, url, text, core.PutOptions{ContentType: "application/json"})
	return root, func() error {
		ctx, cancel := rollbackContext(ctx)
		defer cancel()
		if err := src.Delete(ctx, url); err != nil {
			return err
		}
		return src.Delete(ctx, trace)
	}, err
}

// sharesFolder has one object for each domain that shares a root with another, so that the last one that goes takes the content.
func sharesFolder(root hdfrest.ID) string { return journalFolder + half(root) + "/shares/" }

func shareKey(root hdfrest.ID, n hdfrest.Name) string {
	h := sha256.Sum256([]byte(n.Path))
	return sharesFolder(root) + hex.EncodeToString(h[:8])
}

// share notes that two domains have one root.
func (s *Store) share(ctx context.Context, b *Bucket, n, other hdfrest.Name) (root hdfrest.ID, undo func() error, err error) {
	v, err := s.meta(ctx, b, other)
	if err != nil {
		return root, nil, err
	}
	root = v.meta.root
	if root.Old {
		return root, nil, core.Errorf(core.Denied, "hsds.Make", other.Path, "domains of schema 1 are read only")
	}
	src := s.over(b.Source)
	for _, name := range []hdfrest.Name{other, n} {
		if err := objstore.PutBytes(ctx, src, b.url(shareKey(root, name)), []byte(name.Path), core.PutOptions{}); err != nil {
			return root, nil, err
		}
	}
	return root, func() error {
		ctx, cancel := rollbackContext(ctx)
		defer cancel()
		return src.Delete(ctx, b.url(shareKey(root, n)))
	}, nil
}

// shared reports that another domain has the root of one too, by what was noted and is still so.
func (s *Store) shared(ctx context.Context, b *Bucket, n hdfrest.Name, root hdfrest.ID) (bool, error) {
	src := s.over(b.Source)
	var keys []string
	if err := src.List(ctx, b.url(sharesFolder(root)), func(o core.ObjectInfo) error {
		keys = append(keys, o.URL)
		return nil
	}); err != nil {
		return false, err
	}
	for _, key := range keys {
		p, err := objstore.ReadAll(ctx, src, key, 4096)
		if err != nil || string(p) == n.Path {
			continue
		}
		v, err := s.meta(ctx, b, hdfrest.Name{Bucket: n.Bucket, Path: string(p)})
		if err == nil && v.meta.root == root {
			return true, nil
		}
		if err != nil && !core.Is(err, core.NotFound) {
			return false, err
		}
	}
	return false, nil
}

// Unmake removes the domain first, after which nobody sees it, then what was in it, unless another domain has that too.
func (s *Store) Unmake(ctx context.Context, n hdfrest.Name, content bool) error {
	b, v, err := s.lookUp(ctx, n)
	if err != nil {
		return err
	}
	src := s.over(b.Source)
	if v.meta.folder {
		if err := s.empty(ctx, b, n); err != nil {
			return err
		}
		return src.Delete(ctx, v.url)
	}
	root := v.meta.root
	if root.Old && content {
		return core.Errorf(core.Denied, "hsds.Unmake", n.Path, "domains of schema 1 are read only")
	}
	shared := false
	if content {
		if shared, err = s.shared(ctx, b, n, root); err != nil {
			return err
		}
	}
	trace := b.url(traceKey(n, root))
	if content && !shared {
		if err := objstore.PutBytes(ctx, src, trace, []byte(beingRemoved), core.PutOptions{}); err != nil {
			return err
		}
	}
	if err := src.Delete(ctx, v.url); err != nil || !content {
		return err
	}
	if shared {
		return src.Delete(ctx, b.url(shareKey(root, n)))
	}
	if err := errors.Join(src.Delete(ctx, b.url(objectKey(root))), removeAll(ctx, src, b.url(tree(root))), removeAll(ctx, src, b.url(journalFolder+half(root)+"/"))); err != nil {
		return err
	}
	return src.Delete(ctx, trace)
}

// empty is an error of a folder in which something is.
func (s *Store) empty(ctx context.Context, b *Bucket, n hdfrest.Name) error {
	prefix := b.url(strings.TrimPrefix(n.Path, "/") + "/")
	return b.Source.Folder(ctx, prefix, "", func(o core.ObjectInfo) error {
		if o.URL == prefix || o.URL == b.url(domainKey(n.Path)) {
			return nil
		}
		return core.Errorf(core.Invalid, "hsds.Unmake", n.Path, "%w: the folder has sub-items", hdfrest.ErrConflict)
	})
}

// SetRights changes the rights of a user, on the condition that nobody else changes the domain meanwhile.
func (s *Store) SetRights(ctx context.Context, n hdfrest.Name, user string, do func(hdfrest.Rights) hdfrest.Rights) error {
	b, err := s.at(ctx, n)
	if err != nil {
		return err
	}
	src := s.over(b.Source)
	for try := 0; ; try++ {
		v, err := s.meta(ctx, b, n)
		if err != nil {
			return err
		}
		var old hdfrest.Rights
		members := slices.Clone(v.meta.members)
		var acls []pyjson.Member
		for _, m := range members {
			if m.Name == "acls" {
				acls = slices.Clone(m.Value.Members())
			}
		}
		for _, a := range v.meta.acls {
			if a.user == user {
				old = a.rights
			}
		}
		acls = set(acls, user, rightsJSON(do(old), n.Bucket+n.Path))
		members = set(members, "acls", appendObject(nil, acls))
		members = set(members, "lastModified", number(now()))
		err = objstore.PutBytes(ctx, src, v.url, appendObject(nil, members), core.PutOptions{IfMatch: v.etag, ContentType: "application/json"})
		if !lost(err) {
			return err
		}
		if err := again(ctx, try, v.url); err != nil {
			return err
		}
	}
}

package hdfrest

import (
	"context"
	"errors"
	"time"
)

// ErrReplaced is in the chain of an error of a domain that is no longer the version that was opened, or that was changed while a
// request read of it. The request is tried again, unless it has changed something.
var ErrReplaced = errors.New("the domain was replaced while it was read")

// A Store holds domains under names. It is safe for concurrent use. The errors of all interfaces here carry a core.Code:
// NotFound where there is no such thing, Denied, Invalid for a request that the caller can make smaller or better, Corrupt
// for a domain that is damaged, Unavailable where it may work the next time.
type Store interface {
	// Open opens a domain. NotFound: there is none, or the name is a folder or no domain.
	Open(ctx context.Context, name Name) (Domain, error)
	// Folder visits what is directly under a folder in the order of names, those after a path ("": all). A folder without
	// anything in it is NotFound, but for the root.
	Folder(ctx context.Context, folder Name, after string, visit func(Entry) error) error
}

// A Name is where a domain or folder is: Path is "/" or "/a/b", without "." and ".." and without a slash at its end.
type Name struct{ Bucket, Path string }

// An Entry is a domain or a folder in a folder.
type Entry struct {
	Name     Name
	Folder   bool
	Root     ID // of a domain
	Size     int64
	Modified time.Time
	// Of what is Guarded.
	Created time.Time
	Owner   string
	ACLs    []ACL // nil: it is not
}

// A Keeper is a Store that keeps domains of its own, with folders, owners and rights, beside which may be others.
type Keeper interface {
	Store
	// Describe says what is known of a domain or folder; NotFound where it is none of the Keeper's.
	Describe(ctx context.Context, name Name) (Entry, error)
	// Writable is the error of what would change something where nothing may be changed, or not without losing changes.
	Writable(ctx context.Context, name Name) error
	// Make makes a domain or folder that is not there yet (ErrConflict).
	Make(ctx context.Context, name Name, how NewDomain) (Entry, error)
	// Unmake removes a domain with all that is in it, unless content is false, or a folder that is empty (ErrConflict).
	Unmake(ctx context.Context, name Name, content bool) error
	// SetRights changes the rights of a user.
	SetRights(ctx context.Context, name Name, user string, change func(Rights) Rights) error
}

// A Domain is one version of a domain: all that it answers is of that version, or an error (Unavailable) where it is no
// longer there.
type Domain interface {
	Info() Info
	// Objects opens objects; NotFound names the first that there is not. One that is there and cannot be decoded is
	// Corrupt.
	Objects(ctx context.Context, ids ...ID) ([]Object, error)
}

// Info is what is known of a domain as a whole.
type Info struct {
	Name     Name
	Root     ID
	Version  string // changes with the domain's content: an ETag
	Size     int64  // bytes it takes
	Modified time.Time
	// Created and Owner: zero where the domain does not say.
	Created time.Time
	Owner   string
}

// A Timed object says when it was made and last changed, in seconds since 1970; of others, the domain's times hold.
type Timed interface {
	Times() (created, modified float64)
}

// A Made object says in JSON how it was made ("creationProperties"); nil: nothing was said.
type Made interface {
	Creation() []byte
}

// An Object is a Group, a Dataset or a Datatype.
type Object interface {
	ID() ID
	// Attributes lists the attributes, in the order of their creation if it is known, else of their names.
	Attributes(ctx context.Context) ([]Attribute, error)
}

// A Group is an object with links.
type Group interface {
	Object
	LinkCount(ctx context.Context) (int, error)
	// Links lists the links, in the order of their creation if it is known, else of their names.
	Links(ctx context.Context) ([]Link, error)
}

// A Datatype is a type with a name.
type Datatype interface {
	Object
	Type() *Type
}

// A Dataset is an object with values.
type Dataset interface {
	Object
	Type() *Type
	Shape() Shape
	Properties() Properties
	// Read gives the elements of a selection that was checked against the shape (nil: all) in the wire form. Invalid: it
	// is more than the domain reads at once.
	Read(ctx context.Context, sel []Axis) ([]byte, error)
	// ReadPoints gives single elements in the order of points, each the index of one along every dimension.
	ReadPoints(ctx context.Context, points [][]uint64) ([]byte, error)
	// Stored is how many chunks were ever written, and the bytes they take.
	Stored(ctx context.Context) (chunks, bytes int64, err error)
}

// A LinkKind is how a link leads to an object.
type LinkKind uint8

// The kinds of links.
const (
	HardLink LinkKind = iota
	SoftLink
	ExternalLink
	UserLink // of a kind that only the program that made it knows
)

// A Link is a name in a group.
type Link struct {
	Name   string
	Kind   LinkKind
	Target ID     // hard
	Path   string // soft, external
	Domain string // external
	// Created is in seconds since 1970; 0: the domain's time holds.
	Created float64
	Kept    bool // by a Keeper
}

// An Attribute is a named value of an object.
type Attribute struct {
	Name  string
	Type  *Type
	Shape Shape
	Value func(ctx context.Context) ([]byte, error) // in the wire form; empty if Shape is Null
	// Created is in seconds since 1970; 0: the domain's time holds.
	Created float64
}

// A Shape is the size of each dimension, and the greatest that it may become (0: any).
type Shape struct {
	Null      bool
	Dims, Max []uint64 // none: a scalar, if not Null
}

// Elements is the product of the dimensions.
func (s *Shape) Elements() uint64 {
	if s.Null {
		return 0
	}
	n := uint64(1)
	for _, d := range s.Dims {
		n *= d
	}
	return n
}

// Layouts of Properties.
const (
	Contiguous = "H5D_CONTIGUOUS"
	Chunked    = "H5D_CHUNKED"
	Compact    = "H5D_COMPACT"
)

// Properties say how a dataset is stored.
type Properties struct {
	Layout  string   // one of the layouts
	Chunk   []uint64 // chunked: elements of a chunk along each dimension
	Filters []Filter
	Fill    []byte // an element in the wire form; nil: zeros
}

// A Filter is one of a dataset's filters. Values are its parameters by the names of the API, integers or strings.
type Filter struct {
	Class, Name string
	ID          int
	Values      []Value
}

// A Value is a named parameter.
type Value struct {
	Name  string
	Value any
}

// An Axis is the elements of one dimension: Count from Start, every Step-th; or those at Points, if it is not nil, which
// ascend.
type Axis struct {
	Start, Count, Step uint64
	Points             []uint64
}

// Len is how many elements the axis has.
func (a *Axis) Len() uint64 {
	if a.Points != nil {
		return uint64(len(a.Points))
	}
	return a.Count
}

package hdfrest

import (
	"context"
	"errors"
)

// ErrConflict is in the chain of the error (Invalid) of what would take the place of something else: a name that is taken.
var ErrConflict = errors.New("there is another already")

// ErrOtherType is in the chain of the error (Invalid) of a new value for an attribute that has another type or shape by now.
var ErrOtherType = errors.New("the attribute has another type or shape by now")

// A NewDomain says how a domain or folder is to be made.
type NewDomain struct {
	Folder   bool
	Owner    string
	ACLs     []ACL
	Linked   *Name  // the domain whose objects it is to share
	Creation []byte // creationProperties of the root group, JSON; nil: none
}

// A Writable is a Domain that can be changed. What was changed is stored when the call returns, and no change of another
// caller is lost by it. The errors carry Invalid (with ErrConflict where a name is taken), NotFound or Unavailable.
type Writable interface {
	Domain
	// Create makes objects with their links: all or, with an error, none. One whose id is there already with the same
	// content is taken for made.
	Create(ctx context.Context, objects []NewObject) ([]Object, error)
	// Remove removes an object; links to it stay.
	Remove(ctx context.Context, id ID) error
	// SetLinks makes links in groups. made: at least one was not there before.
	SetLinks(ctx context.Context, sets []LinkSet) (made bool, err error)
	RemoveLinks(ctx context.Context, group ID, names []string) error
	SetAttributes(ctx context.Context, sets []AttributeSet) error
	RemoveAttributes(ctx context.Context, id ID, names []string) error
	// Resize changes the extent of a dataset to what next makes of it, and gives the extent before and after.
	Resize(ctx context.Context, id ID, next func(Shape) ([]uint64, error)) (before, after []uint64, err error)
	// Write writes elements.
	Write(ctx context.Context, id ID, w *Elements) error
	// WriteChosen writes elements that depend on the values: choose, which may be called several times, sees no others than
	// those that are written over.
	WriteChosen(ctx context.Context, id ID, choose func(Dataset) (*Elements, error)) error
}

// A NewObject is one to be made.
type NewObject struct {
	Kind       Kind
	ID         ID      // none: one is chosen
	Created    float64 // 0: now
	Type       *Type   // of a dataset or datatype
	Shape      Shape   // of a dataset
	Chunk      []uint64
	Layout     []byte // JSON of a layout that leads into files; nil: the values are the domain's own
	Creation   []byte // creationProperties in JSON; nil: none
	Attributes []NewAttribute
	Links      []Link // of a group
	Value      []byte // of a dataset, in the wire form; nil: none
	Parent     ID     // the group that gets a link to it; none: none does
	Title      string
}

// A NewAttribute is an attribute with its value as JSON.
type NewAttribute struct {
	Name    string
	Type    *Type
	Shape   Shape
	Value   []byte
	Created float64 // 0: now
}

// A LinkSet is links for a group.
type LinkSet struct {
	Group ID
	Links []Link
}

// An AttributeSet is attributes for an object.
type AttributeSet struct {
	ID         ID
	Attributes []NewAttribute
	Replace    bool // those that are there; else they are a conflict
	Change     bool // the values of attributes that must be there, with this type and shape
}

// Elements are what is to be written of a dataset.
type Elements struct {
	Axes   []Axis     // nil: all, if Points is nil too
	Points [][]uint64 // single elements
	Fields []int      // the members that Data has, of a compound; nil: whole elements
	Data   []byte     // the wire form
	// Append makes the dataset longer by so many along the dimension Dim, and writes there.
	Append uint64
	Dim    int
}

package expr

import (
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A resolver turns names into columns, constants and functions.
type resolver struct {
	src    *source
	vars   []Var
	mode   Mode
	inputs []Var // those used, in order of first use
}

func (r *resolver) errorf(n *node, format string, args ...any) error {
	return r.src.errorf(n.pos, format, args...)
}

func (r *resolver) resolve(n *node) error {
	switch n.kind {
	case nodeName:
		return r.name(n)
	case nodeAttr:
		return r.attribute(n)
	case nodeCall:
		return r.call(n)
	case nodeText:
		return r.errorf(n, "text is only possible as the name of a type: x.astype('float32')")
	case nodeIndex:
		if r.mode != PerCell {
			return r.errorf(n, "an index selects rows; not allowed in a filter or param, which has one value per row")
		}
	case nodeTuple:
		if r.mode != PerCell {
			return r.errorf(n, "a tuple is not a value per row, and not allowed in a filter or param")
		}
	}
	for _, k := range n.kids {
		if k != nil {
			if err := r.resolve(k); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *resolver) name(n *node) error {
	if i := slices.IndexFunc(r.inputs, func(v Var) bool { return v.Name == n.text }); i >= 0 {
		n.column = i
		return nil
	}
	if i := slices.IndexFunc(r.vars, func(v Var) bool { return v.Name == n.text }); i >= 0 {
		n.column = len(r.inputs)
		r.inputs = append(r.inputs, r.vars[i])
		return nil
	}
	switch n.text {
	case "True", "False":
		n.kind, n.num = nodeConst, constBool(n.text == "True")
		return nil
	case "None":
		n.kind = nodeConst
		return nil
	case "np", "numpy":
		return r.errorf(n, "%s is not a value; write np.f(x)", n.text)
	}
	if t, ok := typeNamed(n.text, bare); ok {
		n.kind, n.num = nodeType, t
		return nil
	}
	if find(n.text, bare) != nil {
		return r.errorf(n, "%s is a function; write %s(x)", n.text, n.text)
	}
	return r.errorf(n, "no column %s%s", clip(n.text, 40), r.columnHint(n.text))
}

// columnHint names the columns that resemble a name, or else some that exist.
func (r *resolver) columnHint(name string) string {
	names := make([]string, len(r.vars))
	for i, v := range r.vars {
		names[i] = v.Name
	}
	if hint := didYouMean(name, slices.Concat(names, functionNames(bare|numpy))); hint != "" {
		return hint
	}
	if len(names) == 0 {
		return "; there are no columns"
	}
	return "; columns: " + clip(strings.Join(names, ", "), 200)
}

// isNumpy reports the name np or numpy, unless a column has it.
func (r *resolver) isNumpy(n *node) bool {
	return n.kind == nodeName && (n.text == "np" || n.text == "numpy") &&
		!slices.ContainsFunc(r.vars, func(v Var) bool { return v.Name == n.text })
}

// attribute is np.pi, np.float32, or an error.
func (r *resolver) attribute(n *node) error {
	if r.transposed(n) {
		if r.mode != PerCell {
			return r.errorf(n, "%s makes rows; not allowed in a filter or param, which has one value per row", n.text)
		}
		return r.resolveArgs(n)
	}
	if !r.isNumpy(n.kids[0]) {
		return r.errorf(n, "no attribute .%s; a value has the methods %s", clip(n.text, 40), strings.Join(functionNames(method), " "))
	}
	n.pos = n.kids[0].pos
	if c, ok := npConstant(n.text); ok {
		n.kind, n.num, n.kids = nodeConst, c, nil
		return nil
	}
	if t, ok := typeNamed(n.text, numpy); ok {
		n.kind, n.num, n.kids = nodeType, t, nil
		return nil
	}
	if find(n.text, numpy) != nil {
		return r.errorf(n, "np.%s is a function; write np.%s(x)", n.text, n.text)
	}
	return r.errorf(n, "no np.%s%s", clip(n.text, 40), didYouMean("np."+n.text, append(functionNames(numpy), "np.pi", "np.e", "np.inf", "np.nan")))
}

// call binds a function and its arguments.
func (r *resolver) call(n *node) error {
	callee, args, keys := n.kids[0], n.kids[1:], n.keys
	shown := clip(callee.text, 40)
	switch {
	case callee.kind == nodeName:
		if n.fn = find(callee.text, bare); n.fn == nil {
			return r.errorf(callee, "no function %s%s", shown, didYouMean(callee.text, functionNames(bare|numpy)))
		}
	case callee.kind == nodeAttr && r.isNumpy(callee.kids[0]):
		n.pos = callee.kids[0].pos
		shown = "np." + shown
		if t, ok := typeNamed(callee.text, numpy); ok {
			n.fn = find("astype", method)
			args = append(slices.Clone(args), &node{kind: nodeType, pos: callee.pos, num: t})
			if keys = append(slices.Clone(keys), "dtype"); len(args) != 2 || keys[0] != "" {
				return r.errorf(n, "%s takes one value", shown)
			}
		} else if n.fn = find(callee.text, numpy); n.fn == nil {
			return r.errorf(n, "no function %s%s", shown, didYouMean("np."+callee.text, functionNames(numpy|bare)))
		}
	case callee.kind == nodeAttr:
		n.pos = callee.pos
		shown = "." + shown
		if n.fn = find(callee.text, method); n.fn == nil {
			return r.errorf(callee, "no method %s%s", shown, r.methodHint(callee.text))
		}
		args, keys = append([]*node{callee.kids[0]}, args...), append([]string{""}, keys...)
	default:
		return r.errorf(n, "only functions and methods can be called")
	}
	n.text = shown
	if !n.fn.perRow && r.mode != PerCell {
		return r.errorf(n, "%s works over many rows; not allowed in a filter or param, which has one value per row", shown)
	}
	return r.bind(n, args, keys)
}

func (r *resolver) methodHint(name string) string {
	if find(name, numpy) != nil {
		return "; write np." + name + "(x)"
	}
	if hint := didYouMean("."+name, functionNames(method)); hint != "" {
		return hint
	}
	return "; methods: " + strings.Join(functionNames(method), " ")
}

// bind puts the arguments in the order of the parameters; nil where one is not given.
func (r *resolver) bind(n *node, args []*node, keys []string) error {
	f := n.fn
	if f.where&starts != 0 {
		if len(args) == 0 || slices.ContainsFunc(keys, func(k string) bool { return k != "" }) {
			return r.errorf(n, "%s takes arguments without names, at least one", n.text)
		}
		n.kids, n.keys = args, nil
		return r.resolveArgs(n)
	}
	bound := make([]*node, len(f.params))
	for i, a := range args {
		at := i
		if keys[i] != "" {
			if at = slices.Index(f.params, keys[i]); at < 0 {
				return r.errorf(a, "%s has no parameter %s; it has %s", n.text, clip(keys[i], 40), strings.Join(f.params, ", "))
			}
		}
		if at >= len(bound) {
			return r.errorf(a, "%s takes at most %d arguments: %s", n.text, len(f.params), strings.Join(f.params, ", "))
		}
		if bound[at] != nil {
			return r.errorf(a, "%s got %s twice", n.text, f.params[at])
		}
		bound[at] = a
	}
	for i := range f.required {
		if bound[i] == nil {
			return r.errorf(n, "%s needs %s", n.text, f.params[i])
		}
	}
	n.kids, n.keys = bound, nil
	return r.resolveArgs(n)
}

func (r *resolver) resolveArgs(n *node) error {
	for i, a := range n.kids {
		if a == nil {
			continue
		}
		if a.kind == nodeText && n.fn.where&starts == 0 && n.fn.params[i] == "dtype" {
			t, ok := typeNamed(a.text, numpy|bare)
			if !ok {
				return r.errorf(a, "no type %q; types: %s", clip(a.text, 40), strings.Join(typeNames(), " "))
			}
			a.kind, a.num = nodeType, t
			continue
		}
		if err := r.resolve(a); err != nil {
			return err
		}
	}
	return nil
}

// typeNamed is the type of that name: bare names are Python's, the others numpy's.
func typeNamed(name string, w where) (value, bool) {
	v := value{kind: kindType, konst: true}
	switch {
	case name == "float" && w&bare != 0:
		v.typ = core.Float64
	case name == "int" && w&bare != 0:
		v.typ = core.Int64
	case name == "bool" && w&(bare|numpy) != 0, name == "bool_" && w&numpy != 0:
		v.typ = core.Bool
	case w&numpy != 0:
		v.typ, _ = core.TypeFromName(name)
	}
	return v, v.typ != 0 && v.typ != core.Bytes
}

func typeNames() []string {
	names := []string{"float", "int"}
	for t := core.Bool; t < core.Bytes; t++ {
		names = append(names, t.String())
	}
	return names
}

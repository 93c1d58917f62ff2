package job

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"github.com/englacial/zagg/core"
)

// decodeError is the error of an event that is no JSON, or has a member of another type than it should. offset is where the
// decoder stopped.
func decodeError(err error, offset int64) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = e.Offset
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return core.Errorf(core.Invalid, "job.Decode", "", "%s: want %s, not %s", member(e.Field), wanted(e.Type), given(e.Value))
	}
	return core.Errorf(core.Invalid, "job.Decode", "", "byte %d: %s", offset, strings.TrimPrefix(err.Error(), "json: "))
}

// member is the path of a member as the event spells it.
func member(field string) string {
	field = strings.TrimPrefix(field, "Job.")
	if field == "" {
		return "the event"
	}
	return field
}

// wanted is a Go type in the words of JSON.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "an integer"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Pointer:
		return wanted(t.Elem())
	}
	return "a text"
}

// given is what package json calls a value, as people do.
func given(value string) string {
	kind, text, _ := strings.Cut(value, " ")
	switch kind {
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "number":
		if text != "" {
			return text
		}
		return "a number"
	}
	return value
}

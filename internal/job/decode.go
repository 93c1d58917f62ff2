package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// decodeError is the error of an event that is no JSON, or has a member of another type than it should. offset is where the
// decoder stopped.
func decodeError(err error, offset int64) error {
	return core.Errorf(core.Invalid, "job.Decode", "", "%s", inWords(err, offset, ""))
}

// inWords is an error of package json in words of JSON; within is the member that was decoded, "": all of the event.
func inWords(err error, offset int64, within string) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s: want %s, not %s", member(e.Field, within), wanted(e.Type), given(e.Value))
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = e.Offset
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	if _, ok := errors.AsType[*time.ParseError](err); ok || strings.HasPrefix(text, "Time.UnmarshalJSON") {
		text = "want times such as 2026-01-02T03:04:05Z"
	}
	if within == "" {
		return fmt.Sprintf("byte %d: %s", offset, text)
	}
	return within + ": " + text
}

// member is the path of a member as the event spells it.
func member(field, within string) string {
	field = strings.Trim(within+"."+strings.TrimPrefix(strings.TrimPrefix(field, "Job."), "Window."), ".")
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

package fix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// The model of an object is what encoding/json makes of it, with numbers as
// json.Number. What edits are to do is done to the model, too: a text that was
// edited has to come out as the same.

// decode returns the model of an object.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var model any
	if err := d.Decode(&model); err != nil {
		return nil, fmt.Errorf("decoding the object: %w", err)
	}
	return model, nil
}

// stated returns what a model states at some steps; ok is false if it is nothing,
// or null.
func stated(model any, steps []any) (value any, ok bool) {
	value = model
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			m, _ := value.(map[string]any)
			value = m[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil, false
			}
			value = list[step]
		}
	}
	return value, value != nil
}

var errShape = errors.New("there is something else than expected")

// apply does to a model what a change does to its object.
func (c *Change) apply(model any) (any, error) {
	steps := c.steps[c.object:]
	if c.Action == Remove {
		return without(model, steps)
	}
	return with(model, steps, func(old any) (any, error) {
		if c.Action != Append {
			return c.Value, nil
		}
		if old == nil {
			return []any{c.Value}, nil
		}
		list, ok := old.([]any)
		if !ok {
			return nil, errShape
		}
		return append(slices.Clone(list), c.Value), nil
	})
}

// with returns a model with another value at some steps; objects that are missing
// on the way are made.
func with(model any, steps []any, set func(old any) (any, error)) (any, error) {
	if len(steps) == 0 {
		return set(model)
	}
	switch step := steps[0].(type) {
	case string:
		m, ok := model.(map[string]any)
		if !ok && model != nil {
			return nil, errShape
		}
		value, err := with(m[step], steps[1:], set)
		if err != nil {
			return nil, err
		}
		m = maps.Clone(m)
		if m == nil {
			m = map[string]any{}
		}
		m[step] = value
		return m, nil
	case int:
		list, _ := model.([]any)
		if step >= len(list) {
			return nil, errShape
		}
		value, err := with(list[step], steps[1:], set)
		if err != nil {
			return nil, err
		}
		list = slices.Clone(list)
		list[step] = value
		return list, nil
	}
	return nil, errShape
}

// without returns a model without what is at some steps.
func without(model any, steps []any) (any, error) {
	last := len(steps) - 1
	return with(model, steps[:last], func(old any) (any, error) {
		switch parent := old.(type) {
		case map[string]any:
			if key, ok := steps[last].(string); ok {
				parent = maps.Clone(parent)
				delete(parent, key)
				return parent, nil
			}
		case []any:
			if at, ok := steps[last].(int); ok && at < len(parent) {
				return slices.Delete(slices.Clone(parent), at, at+1), nil
			}
		}
		return nil, errShape
	})
}

// applied returns a model with all changes of its object: what is removed from a
// list goes from its end, so that places stay what they are.
func applied(model any, changes []*Change) (any, error) {
	ordered := slices.Clone(changes)
	slices.SortStableFunc(ordered, func(a, b *Change) int {
		switch {
		case a.Action != Remove && b.Action != Remove:
			return 0
		case a.Action != Remove:
			return -1
		case b.Action != Remove:
			return 1
		}
		return compareSteps(b.steps, a.steps)
	})
	var err error
	for i, c := range ordered {
		if i > 0 && c.Action == Remove && ordered[i-1].Action == Remove && compareSteps(c.steps, ordered[i-1].steps) == 0 {
			continue // both take along what is around them
		}
		if model, err = c.apply(model); err != nil {
			return nil, err
		}
	}
	return model, nil
}

// compareSteps orders paths.
func compareSteps(a, b []any) int {
	return slices.CompareFunc(a, b, func(x, y any) int {
		i, iOK := x.(int)
		j, jOK := y.(int)
		if iOK && jOK {
			return i - j
		}
		return bytes.Compare(fmt.Append(nil, x), fmt.Append(nil, y))
	})
}

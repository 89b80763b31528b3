// Package chartutil has types with the names and methods that charts meet.
package chartutil

import "errors"

// Values is a named map with methods, as the values of a chart are.
type Values map[string]interface{}

// Table finds a map below a key.
func (v Values) Table(name string) (Values, error) {
	if found, ok := v[name].(map[string]interface{}); ok {
		return found, nil
	}
	return nil, errors.New("no table " + name)
}

// Size counts the keys.
func (v Values) Size() int { return len(v) }

// VersionSet is a named list with a method.
type VersionSet []string

// Has finds an entry.
func (v VersionSet) Has(version string) bool {
	for _, known := range v {
		if known == version {
			return true
		}
	}
	return false
}

// KubeVersion is a struct with a String method on its pointer.
type KubeVersion struct {
	Version string
	Major   string
	Minor   string
}

// String is how it is printed.
func (k *KubeVersion) String() string { return k.Version }

// GitVersion is a method that looks like a field.
func (k *KubeVersion) GitVersion() string { return k.Version }

// Metadata is a struct without methods.
type Metadata struct {
	Name     string
	Version  string
	Keywords []string
	Any      interface{}
	hidden   string
}

// Seconds is a scalar with a name and a String method.
type Seconds int64

// String is how it is printed.
func (s Seconds) String() string { return "some seconds" }

// Level is a scalar with a name only.
type Level int

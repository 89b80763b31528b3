package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strconv"
	"unicode/utf8"

	yamlv2 "go.yaml.in/yaml/v2"
	yamlv3 "go.yaml.in/yaml/v3"
	sigs "sigs.k8s.io/yaml"
)

// A text that is read, in base 64 where it is no UTF-8.
type input struct {
	In   *string `json:"in,omitempty"`
	In64 *string `json:"in64,omitempty"`
}

func (i input) bytes() ([]byte, error) {
	switch {
	case i.In != nil:
		return []byte(*i.In), nil
	case i.In64 != nil:
		return base64.StdEncoding.DecodeString(*i.In64)
	}
	return nil, errors.New("no input")
}

func newInput(text []byte) input {
	if utf8.Valid(text) {
		in := string(text)
		return input{In: &in}
	}
	in := base64.StdEncoding.EncodeToString(text)
	return input{In64: &in}
}

// read: YAMLToJSON, and YAMLToJSONStrict where it differs.
type readRow struct {
	input
	JSON   string `json:"json,omitempty"`
	Error  string `json:"error,omitempty"`
	Strict string `json:"strict,omitempty"`
}

// stream: every document of it, up to the first error.
type streamRow struct {
	input
	Documents []string `json:"documents"`
	Error     string   `json:"error,omitempty"`
}

// unmarshal: what Helm's fromYaml and fromYamlArray give, and a decoded interface{}.
type unmarshalRow struct {
	input
	Any  string `json:"any"`
	Map  string `json:"map"`
	List string `json:"list"`
}

// write: sigs.k8s.io/yaml.Marshal, and yaml.v3 as Helm's toYamlPretty calls it.
type writeRow struct {
	Value   json.RawMessage `json:"value"`
	V2      *string         `json:"v2,omitempty"`
	V2Error string          `json:"v2_error,omitempty"`
	V3      *string         `json:"v3,omitempty"`
}

// errRandom is for what depends on how the memory of Go looks, such as the order of keys that have none.
var errRandom = errors.New("the answer is not the same twice")

// steady refuses what is not the same each time: of several keys that JSON cannot have Go names any, and
// of several that become the same string it takes any.
func steady(answer func() ([]byte, error)) ([]byte, error) {
	row, err := answer()
	for times := 0; times < 20 && err == nil; times++ {
		var again []byte
		if again, err = answer(); err == nil && !bytes.Equal(row, again) {
			err = errRandom
		}
	}
	return row, err
}

func answer(kind string, line []byte) (row []byte, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	switch kind {
	case "read":
		var row readRow
		if err := decoder.Decode(&row); err != nil {
			return nil, err
		}
		text, err := row.bytes()
		if err != nil {
			return nil, err
		}
		return steady(func() ([]byte, error) { return marshal(answerRead(row.input, text)) })
	case "stream":
		var row streamRow
		if err := decoder.Decode(&row); err != nil {
			return nil, err
		}
		text, err := row.bytes()
		if err != nil {
			return nil, err
		}
		return steady(func() ([]byte, error) { return marshal(answerStream(row.input, text)) })
	case "unmarshal":
		var row unmarshalRow
		if err := decoder.Decode(&row); err != nil {
			return nil, err
		}
		text, err := row.bytes()
		if err != nil {
			return nil, err
		}
		return steady(func() ([]byte, error) { return marshal(answerUnmarshal(row.input, text)) })
	case "write":
		var row writeRow
		if err := decoder.Decode(&row); err != nil {
			return nil, err
		}
		return marshalRow(answerWrite(row.Value))
	}
	return nil, fmt.Errorf("no such kind of table: %s", kind)
}

func marshalRow(row any, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return marshal(row)
}

func marshal(row any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(row)
	return bytes.TrimSuffix(line.Bytes(), []byte("\n")), err
}

func answerRead(in input, text []byte) readRow {
	row := readRow{input: in}
	result, err := sigs.YAMLToJSON(text)
	if err != nil {
		row.Error = err.Error()
	} else {
		row.JSON = string(result)
	}
	if _, err := sigs.YAMLToJSONStrict(text); err != nil && err.Error() != row.Error {
		row.Strict = err.Error()
	}
	return row
}

func answerStream(in input, text []byte) streamRow {
	row := streamRow{input: in, Documents: []string{}}
	decoder := yamlv2.NewDecoder(bytes.NewReader(text))
	for {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return row
		}
		var result []byte
		if err == nil {
			if document, err = object(document); err == nil {
				result, err = json.Marshal(document)
			}
		}
		if err != nil {
			row.Error = err.Error()
			return row
		}
		row.Documents = append(row.Documents, string(result))
	}
}

// object makes the keys of maps strings, as the package of sigs does within a function of its own.
func object(document any) (any, error) {
	var err error
	switch document := document.(type) {
	case map[any]any:
		result := map[string]any{}
		for key, value := range document {
			name := ""
			switch key := key.(type) {
			case string, int, bool:
				name = fmt.Sprint(key)
			case float64:
				name = floatKey(key)
			default:
				return nil, errors.New("unsupported map key")
			}
			if result[name], err = object(value); err != nil {
				return nil, err
			}
		}
		return result, nil
	case []any:
		for i := range document {
			if document[i], err = object(document[i]); err != nil {
				return nil, err
			}
		}
	}
	return document, nil
}

func floatKey(key float64) string {
	result := strconv.FormatFloat(key, 'g', -1, 32)
	switch result {
	case "+Inf":
		return ".inf"
	case "-Inf":
		return "-.inf"
	case "NaN":
		return ".nan"
	}
	return result
}

func answerUnmarshal(in input, text []byte) unmarshalRow {
	row := unmarshalRow{input: in}
	var whatever any
	row.Any = outcome(text, &whatever)
	row.Map = outcome(text, &map[string]any{})
	row.List = outcome(text, &[]any{})
	return row
}

func outcome(text []byte, target any) string {
	err := sigs.Unmarshal(text, target)
	if err == nil {
		var result []byte
		if result, err = json.Marshal(target); err == nil {
			return string(result)
		}
	}
	return "! " + err.Error()
}

func answerWrite(raw json.RawMessage) (writeRow, error) {
	first, err := writeOnce(raw)
	for times := 0; times < 12 && err == nil; times++ {
		var again writeRow
		if again, err = writeOnce(raw); err == nil && !same(first, again) {
			err = errRandom
		}
	}
	return first, err
}

func same(a, b writeRow) bool {
	return a.V2Error == b.V2Error && *a.V3 == *b.V3 && (a.V2 == nil || *a.V2 == *b.V2)
}

func writeOnce(raw json.RawMessage) (writeRow, error) {
	row := writeRow{Value: raw}
	value, err := decodeValue(raw)
	if err != nil {
		return row, err
	}
	text, err := sigs.Marshal(value)
	if err != nil {
		row.V2Error = err.Error()
	} else {
		written := string(text)
		row.V2 = &written
	}
	var pretty bytes.Buffer
	encoder := yamlv3.NewEncoder(&pretty)
	encoder.SetIndent(2)
	if err := encoder.Encode(value); err != nil {
		return row, fmt.Errorf("yaml.v3 is not expected to fail: %w", err)
	}
	written := pretty.String()
	row.V3 = &written
	return row, nil
}

// decodeValue reads the values of the write table: numbers are integers, {"$float": "1e3"} is a float and
// {"$bytes": "<base 64>"} a string that is no UTF-8.
func decodeValue(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return goValue(value)
}

func goValue(value any) (any, error) {
	switch value := value.(type) {
	case json.Number:
		if number, err := value.Int64(); err == nil {
			return number, nil
		}
		var number uint64
		_, err := fmt.Sscan(value.String(), &number)
		return number, err
	case []any:
		for i := range value {
			item, err := goValue(value[i])
			if err != nil {
				return nil, err
			}
			value[i] = item
		}
		return value, nil
	case map[string]any:
		if name, ok := value["$float"].(string); ok && len(value) == 1 {
			return strconv.ParseFloat(name, 64)
		}
		if text, ok := value["$bytes"].(string); ok && len(value) == 1 {
			bytes, err := base64.StdEncoding.DecodeString(text)
			return string(bytes), err
		}
		// In another order each time, which shows where the result depends on it.
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		result := map[string]any{}
		for _, key := range keys {
			item, err := goValue(value[key])
			if err != nil {
				return nil, err
			}
			result[key] = item
		}
		return result, nil
	}
	return value, nil
}

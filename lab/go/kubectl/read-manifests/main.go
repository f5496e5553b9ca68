// Reads manifests as `kubectl apply -f` does.
//
// Every line of the standard input is a file in base64. The answer is a line of JSON: the objects of the file in
// order, or the error that kubectl stops at.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"k8s.io/apimachinery/pkg/runtime"
	jsonutil "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

type answer struct {
	Objects []any  `json:"objects"`
	Error   string `json:"error,omitempty"`
}

func main() {
	input := bufio.NewReader(os.Stdin)
	output := bufio.NewWriter(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		file, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(line)))
		if err != nil {
			log.Fatal(err)
		}
		reply, err := json.Marshal(read(file))
		if err != nil {
			log.Fatal(err)
		}
		output.Write(append(reply, '\n'))
	}
	if err := output.Flush(); err != nil {
		log.Fatal(err)
	}
}

// The steps of FileVisitor and StreamVisitor in k8s.io/cli-runtime/pkg/resource, and of the decoder of unstructured
// objects, which makes an int64 or a float64 of each number.
func read(file []byte) answer {
	text := transform.NewReader(bytes.NewReader(file), unicode.BOMOverride(unicode.UTF8.NewDecoder()))
	decoder := yaml.NewYAMLOrJSONDecoder(text, 4096)
	read := answer{Objects: []any{}}
	for {
		raw := runtime.RawExtension{}
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return read
		}
		if err != nil {
			read.Error = err.Error()
			return read
		}
		raw.Raw = bytes.TrimSpace(raw.Raw)
		if len(raw.Raw) == 0 || bytes.Equal(raw.Raw, []byte("null")) {
			continue
		}
		var object any
		if err := jsonutil.Unmarshal(raw.Raw, &object); err != nil {
			read.Error = err.Error()
			return read
		}
		read.Objects = append(read.Objects, object)
	}
}

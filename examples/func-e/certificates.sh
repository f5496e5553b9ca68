#!/bin/sh
# Makes what a mesh's CA would issue, under target/func-e/: a root, the api-server's certificate, and those
# of two teams' workers. Each run makes them anew, for thirty days.
set -eu
cd "$(dirname "$0")/../.."
umask 077
mkdir -p target/func-e
cd target/func-e

# key NAME: a private key on the curve that Istio uses.
key() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
}

# leaf NAME ACCOUNT [NAME_OF_HOST]: a certificate of a service account, with an empty subject as Istio's are.
leaf() {
    key "$1"
    {
        echo "subjectAltName = critical, URI:spiffe://cluster.local/ns/airflow/sa/$2${3:+, DNS:$3}"
        echo "keyUsage = critical, digitalSignature"
        echo "extendedKeyUsage = serverAuth, clientAuth"
        echo "basicConstraints = critical, CA:FALSE"
    } > "$1.extensions"
    openssl req -new -key "$1.key" -subj / -out "$1.request"
    openssl x509 -req -in "$1.request" -CA root.pem -CAkey root.key -CAcreateserial -days 30 \
        -extfile "$1.extensions" -out "$1.pem"
    rm "$1.extensions" "$1.request"
}

key root
openssl req -x509 -new -key root.key -subj /O=cluster.local -days 30 -out root.pem
# The name of the host is for curl, which knows nothing of SPIFFE.
leaf server airflow-api-server localhost
leaf sales airflow-worker-sales
leaf finance airflow-worker-finance

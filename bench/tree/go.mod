// A web service and its command line, for timing downloads.
module subak.example/bench-tree

go 1.20

require (
	github.com/gin-gonic/gin v1.10.0
	github.com/spf13/cobra v1.8.1
)

// jemalloc is linked as the process's allocator; this header gives Swift its introspection call, mallctl.
#include <jemalloc/jemalloc.h>

// zlib as the system has it: reads edge lists whether they are compressed or not.
#include <zlib.h>

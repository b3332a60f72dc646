// nginx's shared dictionaries, as its Lua module exports them to LuaJIT's FFI. The functions are looked up in the process
// at run time: the library is loaded by nginx, not linked with it.
#ifndef C_SHARED_DICTIONARY_H
#define C_SHARED_DICTIONARY_H

#include <stddef.h>

// 1 when the functions were found. They are called amesh_… for nobody: no symbol of the library is exported.
int amesh_dictionary_is_available(void);

// Each returns 0 (for get: nothing there), 1 (get: there), or -1 with a static or nginx-owned text in *error.
// Keys and values need not end in a zero byte.
int amesh_dictionary_set(void *zone, const char *key, size_t key_length, const unsigned char *value, size_t length,
                         const char **error);
int amesh_dictionary_remove(void *zone, const char *key, size_t key_length, const char **error);

// The value is to be freed with free(3).
int amesh_dictionary_get(void *zone, const char *key, size_t key_length, unsigned char **value, size_t *length,
                         const char **error);

#endif

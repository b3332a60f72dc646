#define _GNU_SOURCE
#include "CSharedDictionary.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef int (*store_function)(void *zone, int op, const unsigned char *key, size_t key_length, int value_type,
                              const unsigned char *string, size_t string_length, double number, long expires, int flags,
                              char **error, int *forcible);
typedef int (*get_function)(void *zone, const unsigned char *key, size_t key_length, int *value_type,
                            unsigned char **string, size_t *string_length, double *number, int *flags, int get_stale,
                            int *is_stale, char **error);

enum { OP_SET = 0, OP_SAFE_SET = 4, TYPE_NIL = 0, TYPE_STRING = 4 };

// Values as large as this need no allocation by nginx's code.
enum { SMALL = 8192 };

static store_function store;
static get_function get;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// APISIX's runtime has dictionaries that HTTP and streams share, under another name.
static void find(void) {
  store = (store_function)dlsym(RTLD_DEFAULT, "ngx_meta_lua_ffi_shdict_store");
  get = (get_function)dlsym(RTLD_DEFAULT, "ngx_meta_lua_ffi_shdict_get");
  if (store != NULL && get != NULL) return;
  store = (store_function)dlsym(RTLD_DEFAULT, "ngx_http_lua_ffi_shdict_store");
  get = (get_function)dlsym(RTLD_DEFAULT, "ngx_http_lua_ffi_shdict_get");
}

int amesh_dictionary_is_available(void) {
  pthread_once(&once, find);
  return store != NULL && get != NULL;
}

static int write_value(void *zone, int op, const char *key, size_t key_length, int type, const unsigned char *value,
                       size_t length, const char **error) {
  char *message = NULL;
  int forcible = 0;
  if (!amesh_dictionary_is_available() || zone == NULL) {
    *error = "this process has no shared dictionaries of nginx's Lua module";
    return -1;
  }
  if (store(zone, op, (const unsigned char *)key, key_length, type, value, length, 0, 0, 0, &message, &forcible) == 0) {
    return 0;
  }
  *error = message == NULL ? "unknown error" : message;
  return -1;
}

int amesh_dictionary_set(void *zone, const char *key, size_t key_length, const unsigned char *value, size_t length,
                         const char **error) {
  return write_value(zone, OP_SAFE_SET, key, key_length, TYPE_STRING, value, length, error);
}

int amesh_dictionary_remove(void *zone, const char *key, size_t key_length, const char **error) {
  int result = write_value(zone, OP_SET, key, key_length, TYPE_NIL, NULL, 0, error);
  // nginx says "not found" by a code of its own in some versions.
  if (result != 0 && strcmp(*error, "not found") == 0) return 0;
  return result;
}

int amesh_dictionary_get(void *zone, const char *key, size_t key_length, unsigned char **value, size_t *length,
                         const char **error) {
  unsigned char small[SMALL];
  unsigned char *text = small;
  size_t size = sizeof(small);
  double number = 0;
  int type = TYPE_NIL, flags = 0, is_stale = 0;
  char *message = NULL;

  *value = NULL;
  *length = 0;
  if (!amesh_dictionary_is_available() || zone == NULL) {
    *error = "this process has no shared dictionaries of nginx's Lua module";
    return -1;
  }
  if (get(zone, (const unsigned char *)key, key_length, &type, &text, &size, &number, &flags, 0, &is_stale, &message)
      != 0) {
    *error = message == NULL ? "unknown error" : message;
    return -1;
  }
  if (type != TYPE_STRING) return 0;
  if (text != small) {
    // Allocated by nginx, with malloc.
    *value = text;
    *length = size;
    return 1;
  }
  *value = malloc(size == 0 ? 1 : size);
  if (*value == NULL) {
    *error = "no memory of the process";
    return -1;
  }
  memcpy(*value, small, size);
  *length = size;
  return 1;
}

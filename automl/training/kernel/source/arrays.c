/* See arrays.h. */

#include "arrays.h"

#include <string.h>

static int is_stored(const Py_buffer *buffer, storage as) {
    const char *format = buffer->format ? buffer->format : "B";
    const Py_ssize_t bytes = as == FLOAT32 || as == INT32 ? 4 : 8;
    if (*format == '@' || *format == '=')
        format++;
    const char *letters = as == FLOAT32 ? "f" : as == FLOAT64 ? "d" : "ilq";
    return buffer->itemsize == bytes && *format && strchr(letters, *format) && !format[1] &&
           (size_t)buffer->buf % (size_t)bytes == 0;
}

int take(PyObject *given, Py_buffer *buffer, const char *name, storage as, int writable) {
    static const char *const names[] = {"float32", "float64", "int32", "int64"};
    const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(given, buffer, flags) < 0)
        return 0;
    if (is_stored(buffer, as))
        return 1;
    PyErr_Format(PyExc_TypeError, "%s has to be an array of %s, aligned and in this machine's order",
                 name, names[as]);
    return 0;
}

int64_t count_of(const Py_buffer *buffer) {
    return buffer->obj ? buffer->len / buffer->itemsize : -1;
}

int is_fine(problem found) {
    if (!found.what)
        return 1;
    if (found.where < 0)
        PyErr_Format(PyExc_ValueError, "the kernel was given %s", found.what);
    else
        PyErr_Format(PyExc_ValueError, "the kernel was given %s (number %lld)", found.what,
                     (long long)found.where);
    return 0;
}

int is_wanted(int holds, const char *otherwise) {
    if (!holds && !PyErr_Occurred())
        PyErr_Format(PyExc_ValueError, "the kernel was given %s", otherwise);
    return holds;
}

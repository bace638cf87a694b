/* The arrays of a call from Python, and the errors that a wrong one raises. */

#ifndef AUTOML_ARRAYS_H
#define AUTOML_ARRAYS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "checks.h"

/* How an array's numbers are stored. */
typedef enum { FLOAT32, FLOAT64, INT32, INT64 } storage;

/* Takes an array's numbers: contiguous, of one kind, and writable where they will be written. */
int take(PyObject *given, Py_buffer *buffer, const char *name, storage as, int writable);

/* How many there are; -1 where no array was taken. */
int64_t count_of(const Py_buffer *buffer);

/* Whether nothing is wrong; otherwise a ValueError is set. */
int is_fine(problem found);
int is_wanted(int holds, const char *otherwise);

#endif

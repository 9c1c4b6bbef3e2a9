// SPDX-License-Identifier: LGPL-2.1-or-later

// A backend module in C++, which implements no method.

#include <plum-glib/plum-glib.h>

struct MyBackend
{
  PlumBackend parent;
};

struct MyBackendClass
{
  PlumBackendClass parent;
};

G_DEFINE_TYPE (MyBackend, my_backend, PLUM_TYPE_BACKEND)

static void
my_backend_class_init (MyBackendClass *klass)
{
  PLUM_BACKEND_CLASS (klass)->title = "C++";
}

static void
my_backend_init (MyBackend *)
{
}

PLUM_DEFINE_BACKEND_MODULE ("cplusplus", "A backend in C++", 40, my_backend_get_type ())

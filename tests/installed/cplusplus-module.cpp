// SPDX-License-Identifier: LGPL-2.1-or-later

// A backend module in C++, which implements no method.

#include <plum-glib/plum-glib.h>

namespace
{

void
class_init (gpointer klass, gpointer)
{
  static_cast<PlumBackendClass *> (klass)->title = "C++";
}

GType
get_type ()
{
  static GType type = g_type_register_static_simple (
    PLUM_TYPE_BACKEND, "CplusplusBackend", sizeof (PlumBackendClass), class_init,
    sizeof (PlumBackend), nullptr, GTypeFlags (0));

  return type;
}

}

PLUM_DEFINE_BACKEND_MODULE ("cplusplus", "A backend in C++", 40, get_type ())

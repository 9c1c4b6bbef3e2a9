/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

/* A valid backend module that implements no method. MODULE_TYPE is the name of its GType, which
 * differs between the modules that are built from this file. */

typedef PlumBackend GoodBackend;
typedef PlumBackendClass GoodBackendClass;

static void
good_backend_class_init (gpointer klass, gpointer data)
{
}

static GType
good_backend_get_type (void)
{
  static GType type;

  if (type == G_TYPE_INVALID)
    type = g_type_register_static_simple (PLUM_TYPE_BACKEND, MODULE_TYPE, sizeof (GoodBackendClass),
                                          good_backend_class_init, sizeof (GoodBackend), NULL, 0);

  return type;
}

PLUM_DEFINE_BACKEND_MODULE (MODULE_NAME,
                            MODULE_DESCRIPTION,
                            MODULE_PRIORITY,
                            good_backend_get_type ())

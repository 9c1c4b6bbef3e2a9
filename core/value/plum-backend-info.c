/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

/**
 * PlumBackendInfo:
 *
 * Information about a backend.
 *
 * The list [property@Plum.Manager:backends] contains one object of this type for each backend that
 * the manager found, including those that cannot be used.
 *
 * Since: 1.0
 */
struct _PlumBackendInfo
{
  GObject parent_instance;

  char *name;
  char *description; /* (nullable) */
  int priority;
  char *path;    /* (nullable) */
  GError *error; /* (nullable) */

  GType (*get_type) (void);
  GType type;
};

typedef enum {
  PROP_NAME = 1,
  PROP_TITLE,
  PROP_DESCRIPTION,
  PROP_PRIORITY,
  PROP_PATH,
  PROP_ERROR,
  N_PROPS
} PlumBackendInfoProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (PlumBackendInfo, plum_backend_info, G_TYPE_OBJECT)

static void
plum_backend_info_get_property (GObject *object,
                                guint property_id,
                                GValue *value,
                                GParamSpec *pspec)
{
  PlumBackendInfo *self = PLUM_BACKEND_INFO (object);

  switch ((PlumBackendInfoProperty) property_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_TITLE:
      g_value_set_string (value, plum_backend_info_get_title (self));
      break;
    case PROP_DESCRIPTION:
      g_value_set_string (value, self->description);
      break;
    case PROP_PRIORITY:
      g_value_set_int (value, self->priority);
      break;
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_backend_info_finalize (GObject *object)
{
  PlumBackendInfo *self = PLUM_BACKEND_INFO (object);

  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->description, g_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (plum_backend_info_parent_class)->finalize (object);
}

static void
plum_backend_info_install_texts (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumBackendInfo:name: (getter get_name)
   *
   * The name of the backend, such as `pcp`. If the file is not a valid module, the name of the
   * file.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * PlumBackendInfo:title: (getter get_title)
   *
   * The name of the protocol for people, such as `PCP`, `NAT-PMP` or `UPnP IGD`. If the backend
   * does not have one, or cannot be used, the same as [property@Plum.BackendInfo:name].
   *
   * Since: 1.0
   */
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);

  /**
   * PlumBackendInfo:description: (getter get_description)
   *
   * The human-readable description of the backend, or %NULL if it is unknown.
   *
   * Since: 1.0
   */
  properties[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);
}

static void
plum_backend_info_class_init (PlumBackendInfoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = plum_backend_info_finalize;
  object_class->get_property = plum_backend_info_get_property;

  plum_backend_info_install_texts ();

  /**
   * PlumBackendInfo:priority: (getter get_priority)
   *
   * The priority of the backend. The library tries backends with a higher priority first.
   *
   * Since: 1.0
   */
  properties[PROP_PRIORITY] =
    g_param_spec_int ("priority", NULL, NULL, G_MININT, G_MAXINT, 0, flags);

  /**
   * PlumBackendInfo:path: (getter get_path)
   *
   * The path of the module file, or %NULL if the backend is built in or the program added it.
   *
   * Since: 1.0
   */
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);

  /**
   * PlumBackendInfo:error: (getter get_error)
   *
   * The reason why the backend cannot be used, or %NULL if it can be used.
   *
   * Since: 1.0
   */
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
plum_backend_info_init (PlumBackendInfo *self)
{
}

gboolean
plum_backend_info_is_valid_name (const char *name)
{
  if (!g_ascii_islower (*name))
    return FALSE;

  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_islower (*p) && !g_ascii_isdigit (*p) && *p != '-')
      return FALSE;

  return TRUE;
}

PlumBackendInfo *
plum_backend_info_new (const char *name,
                       const char *description,
                       int priority,
                       const char *path,
                       GType (*get_type) (void),
                       GType type,
                       const GError *error)
{
  PlumBackendInfo *self = g_object_new (PLUM_TYPE_BACKEND_INFO, NULL);

  self->name = g_strdup (name);
  self->description =
    g_strdup (description != NULL ? g_dgettext (GETTEXT_PACKAGE, description) : NULL);
  self->priority = priority;
  self->path = g_strdup (path);
  self->get_type = get_type;
  self->type = type;
  self->error = error != NULL ? g_error_copy (error) : NULL;
  return self;
}

GType
plum_backend_info_ensure_type (PlumBackendInfo *self, GType parent_type)
{
  g_autoptr (GError) error = NULL;

  if (self->error != NULL)
    return G_TYPE_INVALID;

  if (self->type == G_TYPE_INVALID)
    self->type = self->get_type ();

  if (g_type_is_a (self->type, parent_type) && !G_TYPE_IS_ABSTRACT (self->type))
    return self->type;

  g_set_error (&error, PLUM_ERROR, PLUM_ERROR_MODULE,
               _ ("%s: expected a concrete subclass of %s, got %s"),
               self->path != NULL ? self->path : self->name, g_type_name (parent_type),
               self->type != G_TYPE_INVALID ? g_type_name (self->type) : _ ("no type"));
  self->error = g_steal_pointer (&error);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
  return G_TYPE_INVALID;
}

/**
 * plum_backend_info_get_name: (get-property name)
 * @self: a backend info
 *
 * Gets the name of the backend. See [property@Plum.BackendInfo:name].
 *
 * Returns: the name, such as `pcp`
 *
 * Since: 1.0
 */
const char *
plum_backend_info_get_name (PlumBackendInfo *self)
{
  g_return_val_if_fail (PLUM_IS_BACKEND_INFO (self), NULL);

  return self->name;
}

/**
 * plum_backend_info_get_title: (get-property title)
 * @self: a backend info
 *
 * Gets the name of the protocol for people. See [property@Plum.BackendInfo:title].
 *
 * Returns: the title, such as `UPnP IGD`
 *
 * Since: 1.0
 */
const char *
plum_backend_info_get_title (PlumBackendInfo *self)
{
  const char *title = NULL;

  g_return_val_if_fail (PLUM_IS_BACKEND_INFO (self), NULL);

  if (self->error == NULL && self->type != G_TYPE_INVALID)
    {
      /* A static string: the class may go. */
      PlumBackendClass *klass = g_type_class_ref (self->type);

      title = klass->title;
      g_type_class_unref (klass);
    }

  return title != NULL ? title : self->name;
}

/**
 * plum_backend_info_get_description: (get-property description)
 * @self: a backend info
 *
 * Gets the human-readable description of the backend.
 *
 * Returns: (nullable): the description, or %NULL if it is unknown
 *
 * Since: 1.0
 */
const char *
plum_backend_info_get_description (PlumBackendInfo *self)
{
  g_return_val_if_fail (PLUM_IS_BACKEND_INFO (self), NULL);

  return self->description;
}

/**
 * plum_backend_info_get_priority: (get-property priority)
 * @self: a backend info
 *
 * Gets the priority of the backend. The library tries backends with a higher priority first.
 *
 * Returns: the priority
 *
 * Since: 1.0
 */
int
plum_backend_info_get_priority (PlumBackendInfo *self)
{
  g_return_val_if_fail (PLUM_IS_BACKEND_INFO (self), 0);

  return self->priority;
}

/**
 * plum_backend_info_get_path: (get-property path)
 * @self: a backend info
 *
 * Gets the path of the module file.
 *
 * Returns: (nullable): the path, or %NULL if the backend is built in or the program added it
 *
 * Since: 1.0
 */
const char *
plum_backend_info_get_path (PlumBackendInfo *self)
{
  g_return_val_if_fail (PLUM_IS_BACKEND_INFO (self), NULL);

  return self->path;
}

/**
 * plum_backend_info_get_error: (get-property error)
 * @self: a backend info
 *
 * Gets the reason why the backend cannot be used.
 *
 * Returns: (transfer none) (nullable): an error with the code %PLUM_ERROR_MODULE, or %NULL if the
 *   backend can be used
 *
 * Since: 1.0
 */
GError *
plum_backend_info_get_error (PlumBackendInfo *self)
{
  g_return_val_if_fail (PLUM_IS_BACKEND_INFO (self), NULL);

  return self->error;
}

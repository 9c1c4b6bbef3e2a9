/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

/**
 * PlumVerdict:
 *
 * The reason why one backend did not map a port.
 *
 * The list [property@Plum.Mapping:verdicts] of a failed mapping contains one object of this type
 * for each backend that applies to the network, or for each backend if none applies. A verdict does
 * not change.
 *
 * Since: 1.0
 */
struct _PlumVerdict
{
  GObject parent_instance;

  char *backend_name;
  char *backend_title;
  GError *error;
  gboolean requested;
  gboolean applies;
};

typedef enum {
  VERDICT_PROP_BACKEND_NAME = 1,
  VERDICT_PROP_BACKEND_TITLE,
  VERDICT_PROP_ERROR,
  VERDICT_PROP_REQUESTED,
  VERDICT_N_PROPS
} PlumVerdictProperty;

static GParamSpec *verdict_properties[VERDICT_N_PROPS];

G_DEFINE_FINAL_TYPE (PlumVerdict, plum_verdict, G_TYPE_OBJECT)

static void
plum_verdict_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumVerdict *self = PLUM_VERDICT (object);

  switch ((PlumVerdictProperty) property_id)
    {
    case VERDICT_PROP_BACKEND_NAME:
      g_value_set_string (value, self->backend_name);
      break;
    case VERDICT_PROP_BACKEND_TITLE:
      g_value_set_string (value, self->backend_title);
      break;
    case VERDICT_PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    case VERDICT_PROP_REQUESTED:
      g_value_set_boolean (value, self->requested);
      break;
    case VERDICT_N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_verdict_finalize (GObject *object)
{
  PlumVerdict *self = PLUM_VERDICT (object);

  g_clear_pointer (&self->backend_name, g_free);
  g_clear_pointer (&self->backend_title, g_free);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (plum_verdict_parent_class)->finalize (object);
}

static void
plum_verdict_class_init (PlumVerdictClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = plum_verdict_finalize;
  object_class->get_property = plum_verdict_get_property;

  /**
   * PlumVerdict:backend-name: (getter get_backend_name)
   *
   * The name of the backend, such as `upnp`.
   *
   * Since: 1.0
   */
  verdict_properties[VERDICT_PROP_BACKEND_NAME] =
    g_param_spec_string ("backend-name", NULL, NULL, NULL, flags);

  /**
   * PlumVerdict:backend-title: (getter get_backend_title)
   *
   * The name of the protocol for people, such as `UPnP IGD`. It is the
   * [property@Plum.BackendInfo:title] of the backend.
   *
   * Since: 1.0
   */
  verdict_properties[VERDICT_PROP_BACKEND_TITLE] =
    g_param_spec_string ("backend-title", NULL, NULL, NULL, flags);

  /**
   * PlumVerdict:error: (getter get_error)
   *
   * The error. Its message contains the name of the protocol.
   *
   * Since: 1.0
   */
  verdict_properties[VERDICT_PROP_ERROR] =
    g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);

  /**
   * PlumVerdict:requested: (getter get_requested)
   *
   * Whether the backend found a router that supports the protocol, and requested the mapping from
   * it. If this is %FALSE, the error is the one of the discovery.
   *
   * Since: 1.0
   */
  verdict_properties[VERDICT_PROP_REQUESTED] =
    g_param_spec_boolean ("requested", NULL, NULL, FALSE, flags);

  g_object_class_install_properties (object_class, VERDICT_N_PROPS, verdict_properties);
}

static void
plum_verdict_init (PlumVerdict *self)
{
}

PlumVerdict *
plum_verdict_new (const char *backend_name,
                  const char *backend_title,
                  const GError *error,
                  gboolean requested,
                  gboolean applies)
{
  PlumVerdict *self = g_object_new (PLUM_TYPE_VERDICT, NULL);

  self->backend_name = g_strdup (backend_name);
  self->backend_title = g_strdup (backend_title);
  self->error = g_error_copy (error);
  self->requested = requested;
  self->applies = applies;
  return self;
}

gboolean
plum_verdict_applies (PlumVerdict *self)
{
  return self->applies;
}

/**
 * plum_verdict_get_backend_name: (get-property backend-name)
 * @self: a verdict
 *
 * Gets the name of the backend.
 *
 * Returns: the name, such as `upnp`
 *
 * Since: 1.0
 */
const char *
plum_verdict_get_backend_name (PlumVerdict *self)
{
  g_return_val_if_fail (PLUM_IS_VERDICT (self), NULL);

  return self->backend_name;
}

/**
 * plum_verdict_get_backend_title: (get-property backend-title)
 * @self: a verdict
 *
 * Gets the name of the protocol for people.
 *
 * Returns: the title, such as `UPnP IGD`
 *
 * Since: 1.0
 */
const char *
plum_verdict_get_backend_title (PlumVerdict *self)
{
  g_return_val_if_fail (PLUM_IS_VERDICT (self), NULL);

  return self->backend_title;
}

/**
 * plum_verdict_get_error: (get-property error)
 * @self: a verdict
 *
 * Gets the error.
 *
 * Returns: (transfer none): the error
 *
 * Since: 1.0
 */
GError *
plum_verdict_get_error (PlumVerdict *self)
{
  g_return_val_if_fail (PLUM_IS_VERDICT (self), NULL);

  return self->error;
}

/**
 * plum_verdict_get_requested: (get-property requested)
 * @self: a verdict
 *
 * Checks whether the backend requested the mapping from the router.
 *
 * Returns: %FALSE if the discovery of the backend failed
 *
 * Since: 1.0
 */
gboolean
plum_verdict_get_requested (PlumVerdict *self)
{
  g_return_val_if_fail (PLUM_IS_VERDICT (self), FALSE);

  return self->requested;
}

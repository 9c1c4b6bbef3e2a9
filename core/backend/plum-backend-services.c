/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a backend gets from the library, and reports to it. */

#include "plum-backend-object-private.h"
#include "plum-log-private.h"
#include "plum-settings-private.h"

/**
 * plum_backend_dup_option:
 * @self: a backend
 * @key: the key of the option, such as `location`
 * @type: the type that the backend expects
 *
 * Gets an option that the program set with [method@Plum.Manager.set_backend_option] for the backend
 * of this name.
 *
 * Options can be read in all methods of the backend, but not during its construction. If the
 * program changes an option, the library closes the backend and creates another one.
 *
 * Returns: (transfer full) (nullable): the value, or %NULL if the option is not set; also if it has
 *   another type, which is logged
 *
 * Since: 1.0
 */
GVariant *
plum_backend_dup_option (PlumBackend *self, const char *key, const GVariantType *type)
{
  PlumBackendPrivate *priv;
  GVariant *value = NULL;

  g_return_val_if_fail (PLUM_IS_BACKEND (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (type != NULL, NULL);

  priv = plum_backend_peek_private (self);
  if (priv->options != NULL && priv->host.name != NULL)
    value = plum_settings_lookup_option (priv->options, priv->host.name, key);
  if (value == NULL)
    return NULL;
  if (g_variant_is_of_type (value, type))
    return g_variant_ref (value);

  plum_warn ("The option %s.%s has the type %s, and is ignored: the backend expects %.*s",
             priv->host.name, key, g_variant_get_type_string (value),
             (int) g_variant_type_get_string_length (type), g_variant_type_peek_string (type));
  return NULL;
}

/**
 * plum_backend_report_lost:
 * @self: a backend
 * @reason: how the backend detected it, for people
 *
 * Reports that the router has lost its mappings. The library requests all of them again.
 *
 * Call it only after an exchange with the router has confirmed the loss: announcements can be
 * forged.
 *
 * Since: 1.0
 */
void
plum_backend_report_lost (PlumBackend *self, const char *reason)
{
  g_return_if_fail (PLUM_IS_BACKEND (self));
  g_return_if_fail (reason != NULL);

  g_signal_emit_by_name (self, "lost", reason);
}

/**
 * plum_backend_report_announced:
 * @self: a backend
 * @reason: what the router announced, for people
 *
 * Reports that the router of this backend's network has announced itself, while the library lets
 * the backend listen.
 *
 * An announcement is only a hint, because it can be forged: the library limits how often it acts on
 * it, and calls `discover` before it requests a mapping.
 *
 * Since: 1.0
 */
void
plum_backend_report_announced (PlumBackend *self, const char *reason)
{
  g_return_if_fail (PLUM_IS_BACKEND (self));
  g_return_if_fail (reason != NULL);

  if (plum_backend_peek_private (self)->listening)
    plum_backend_send_event (self,
                             &(PlumBackendEvent){ .kind = PLUM_BACKEND_ANNOUNCED, .text = reason });
}

/**
 * plum_backend_report_external_address:
 * @self: a backend
 * @address: (nullable): the address, or %NULL if the router currently has none
 *
 * Reports the router's external address. Call it when the address becomes known other than by a
 * call of `get_external_address`, and with %NULL whenever the router answers that it has none.
 *
 * With %NULL, an address that another backend of the same router has reported is kept.
 *
 * Since: 1.0
 */
void
plum_backend_report_external_address (PlumBackend *self, GInetAddress *address)
{
  g_return_if_fail (PLUM_IS_BACKEND (self));
  g_return_if_fail (address == NULL || G_IS_INET_ADDRESS (address));

  g_signal_emit_by_name (self, "external-address-changed", address);
}

/**
 * plum_backend_report_router:
 * @self: a backend
 * @manufacturer: (nullable): the manufacturer of the router
 * @model: (nullable): the name of its model
 * @model_version: (nullable): the version of its model or firmware
 * @presentation_url: (nullable): the absolute URL of its settings, whose host is its address
 *
 * Reports what the router is, for people. A later report replaces it.
 *
 * The texts may come from the network as they are: the library makes them printable and shortens
 * them, and discards a URL that is not one of http or https at the address of the gateway. Report
 * what the exchanges of the protocol contain; send no request for it.
 *
 * Since: 1.0
 */
void
plum_backend_report_router (PlumBackend *self,
                            const char *manufacturer,
                            const char *model,
                            const char *model_version,
                            const char *presentation_url)
{
  const PlumRouterDescription router = { manufacturer, model, model_version, presentation_url };

  g_return_if_fail (PLUM_IS_BACKEND (self));

  plum_backend_send_event (self,
                           &(PlumBackendEvent){ .kind = PLUM_BACKEND_ROUTER, .router = &router });
}

/**
 * plum_backend_report_connection:
 * @self: a backend
 * @status: the state of the internet connection of the router
 * @uptime: how long this connection has lasted, in seconds, or 0 if unknown
 *
 * Reports the internet connection of the router, as the router describes it.
 *
 * Since: 1.0
 */
void
plum_backend_report_connection (PlumBackend *self, PlumConnectionStatus status, guint uptime)
{
  g_return_if_fail (PLUM_IS_BACKEND (self));

  plum_backend_send_event (self, &(PlumBackendEvent){ .kind = PLUM_BACKEND_CONNECTION,
                                                      .status = status,
                                                      .uptime = uptime });
}

/**
 * plum_backend_is_observed:
 * @self: a backend
 *
 * Checks whether [method@Plum.Backend.report_traffic] and [method@Plum.Backend.report_note] have a
 * receiver. If not, the backend can skip preparing their arguments.
 *
 * Returns: %TRUE if traffic and notes have a receiver
 *
 * Since: 1.0
 */
gboolean
plum_backend_is_observed (PlumBackend *self)
{
  PlumBackendPrivate *priv = plum_backend_peek_private (self);

  g_return_val_if_fail (PLUM_IS_BACKEND (self), FALSE);

  return priv->observer != NULL && priv->observer->is_observed (priv->observer_data);
}

/**
 * plum_backend_report_traffic:
 * @self: a backend
 * @direction: the direction
 * @peer: the address of the peer
 * @bytes: a datagram or a part of a stream
 *
 * Reports data that was sent or received. See [signal@Plum.Gateway::traffic].
 *
 * Since: 1.0
 */
void
plum_backend_report_traffic (PlumBackend *self,
                             PlumTrafficDirection direction,
                             GSocketAddress *peer,
                             GBytes *bytes)
{
  g_return_if_fail (PLUM_IS_BACKEND (self));
  g_return_if_fail (G_IS_SOCKET_ADDRESS (peer));
  g_return_if_fail (bytes != NULL);

  if (plum_backend_is_observed (self))
    plum_backend_send_event (self, &(PlumBackendEvent){ .kind = PLUM_BACKEND_TRAFFIC,
                                                        .direction = direction,
                                                        .peer = peer,
                                                        .bytes = bytes });
}

/**
 * plum_backend_report_note:
 * @self: a backend
 * @note: one line of text
 *
 * Reports what the backend found or decided, for troubleshooting. See
 * [signal@Plum.Gateway::note].
 *
 * Since: 1.0
 */
void
plum_backend_report_note (PlumBackend *self, const char *note)
{
  g_return_if_fail (PLUM_IS_BACKEND (self));
  g_return_if_fail (note != NULL);

  if (plum_backend_is_observed (self))
    plum_backend_send_event (self, &(PlumBackendEvent){ .kind = PLUM_BACKEND_NOTE, .text = note });
}

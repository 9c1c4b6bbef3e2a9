/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-mapping-internal-private.h"

void
plum_mapping_create_chain_properties (GParamSpec **properties)
{
  /**
   * PlumMapping:hops: (getter get_hops)
   *
   * The routers that forward the port, the one next to this host first: a list of
   * [class@Plum.Hop]. It is empty while the mapping is not up.
   *
   * The list has several routers if the first one has no public address and
   * [property@Plum.Manager:max-hops] allows more. The external address and port of the mapping are
   * then those of the last router in the list. The list does not change: the property is set to
   * another list.
   *
   * Since: 1.0
   */
  properties[PROP_HOPS] =
    g_param_spec_object ("hops", NULL, NULL, G_TYPE_LIST_MODEL, PLUM_MAPPING_READABLE);

  /**
   * PlumMapping:upstream-error: (getter get_upstream_error)
   *
   * Why the router beyond the last one in [property@Plum.Mapping:hops] does not forward the port.
   *
   * It is %NULL if the last router has a public address, if its address is unknown, or if
   * [property@Plum.Manager:max-hops] does not allow another router. If the mapping is up and this
   * is set, hosts on the internet cannot reach the port. The library tries again.
   *
   * Since: 1.0
   */
  properties[PROP_UPSTREAM_ERROR] =
    g_param_spec_boxed ("upstream-error", NULL, NULL, G_TYPE_ERROR, PLUM_MAPPING_READABLE);
}

void
plum_mapping_create_lease_properties (GParamSpec **properties)
{
  /**
   * PlumMapping:backend-name: (getter get_backend_name)
   *
   * The name of the backend that mapped the port on the first router: `pcp`, `natpmp`, `upnp`,
   * `direct` or the name of a third-party backend; %NULL while the mapping is not up.
   *
   * Since: 1.0
   */
  properties[PROP_BACKEND_NAME] =
    g_param_spec_string ("backend-name", NULL, NULL, NULL, PLUM_MAPPING_READABLE);

  /**
   * PlumMapping:lifetime: (getter get_lifetime)
   *
   * The lifetime that the router granted last, in seconds, or %PLUM_LIFETIME_FOREVER; 0 while the
   * mapping is not up. Behind several routers, it is the shortest one.
   *
   * The library renews the mapping before it expires.
   *
   * Since: 1.0
   */
  properties[PROP_LIFETIME] =
    g_param_spec_uint ("lifetime", NULL, NULL, 0, G_MAXUINT, 0, PLUM_MAPPING_READABLE);

  /**
   * PlumMapping:expires-at: (getter get_expires_at)
   *
   * The time when the mapping expires unless it is renewed; %NULL if it never expires, or while the
   * mapping is not up. Each renewal changes it. A router that reports less remaining time than it
   * has granted moves it forward.
   *
   * Since: 1.0
   */
  properties[PROP_EXPIRES_AT] =
    g_param_spec_boxed ("expires-at", NULL, NULL, G_TYPE_DATE_TIME, PLUM_MAPPING_READABLE);

  /**
   * PlumMapping:generation: (getter get_generation)
   *
   * How often a router has created this mapping anew; 0 before the first time.
   *
   * It grows when the port is mapped for the first time, after a restart of the router, after the
   * lease was lost, and by another router or backend. A renewal does not change it.
   *
   * Since: 1.0
   */
  properties[PROP_GENERATION] =
    g_param_spec_uint ("generation", NULL, NULL, 0, G_MAXUINT, 0, PLUM_MAPPING_READABLE);
}

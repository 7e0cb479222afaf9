/**
 * What several layers need and none owns: deadlines, words of shared memory, the producers' side of
 * a ring, and checks of memory that native code is to reach. Nothing here knows of lanes or ports,
 * and no module outside sees it. Any thread may use it unless a class says otherwise.
 */
package org.hawser.base;

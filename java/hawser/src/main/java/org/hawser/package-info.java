/**
 * What every other package builds on: the error codes and the one exception family. Nothing here
 * knows of lanes, memory or native code. Users catch {@link org.hawser.HawserException} and act on
 * its {@link org.hawser.ErrorCode}.
 */
package org.hawser;

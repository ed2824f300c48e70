# SPDX-License-Identifier: Apache-2.0
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

__version__: str

_Camera = Optional[Tuple[float, float, float, float]]

class FeatureSet:
    def __init__(
        self,
        keypoints: NDArray[np.float32],
        scales: NDArray[np.float32],
        angles: NDArray[np.float32],
        scores: NDArray[np.float32],
        descriptors: NDArray[np.float32],
        width: int,
        height: int,
    ) -> None: ...
    def __len__(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def keypoints(self) -> NDArray[np.float32]: ...
    @property
    def scales(self) -> NDArray[np.float32]: ...
    @property
    def angles(self) -> NDArray[np.float32]: ...
    @property
    def scores(self) -> NDArray[np.float32]: ...
    @property
    def descriptors(self) -> NDArray[np.float32]: ...

class Extractor:
    def __init__(
        self,
        preset: str,
        models: str,
        max_keypoints: int,
        precision: str,
        memory: str,
    ) -> None: ...
    def from_file(self, path: str, max_image_size: int) -> FeatureSet: ...
    def from_array(
        self, pixels: NDArray[Any], rgb: bool, max_image_size: int
    ) -> FeatureSet: ...
    @property
    def preset(self) -> str: ...
    @property
    def steps(self) -> str: ...
    @property
    def max_keypoints(self) -> int: ...

class Classifier:
    def __init__(self, path: str) -> None: ...

class MatchSet:
    def __init__(
        self, indices: NDArray[np.int32], weights: NDArray[np.float32]
    ) -> None: ...
    def __len__(self) -> int: ...
    @property
    def indices(self) -> NDArray[np.int32]: ...
    @property
    def similarity(self) -> NDArray[np.float32]: ...
    @property
    def ratio(self) -> NDArray[np.float32]: ...
    @property
    def weights(self) -> NDArray[np.float32]: ...

def match(
    first: FeatureSet,
    second: FeatureSet,
    filter: str,
    max_ratio: float,
    camera1: _Camera,
    camera2: _Camera,
    classifier: Optional[Classifier],
) -> MatchSet: ...
def relative_pose(
    first: FeatureSet,
    second: FeatureSet,
    matches: MatchSet,
    camera1: _Camera,
    camera2: _Camera,
    model: str,
    max_error: float,
    confidence: float,
    max_iterations: int,
    seed: int,
) -> Dict[str, Any]: ...
def find_model(models: str, name: str) -> str: ...
def preset_names() -> List[str]:
    """The presets that have a name of their own."""
def usual_ratio(preset: str) -> float: ...
def set_num_threads(num_threads: int) -> None: ...
def num_threads() -> int: ...

"""Which data sets are known by name, and which published files they are read from. Loads without torch."""

from dataclasses import dataclass
from pathlib import Path

BUILTIN = "builtin:"  # before its name, where a recipe names one


@dataclass(frozen=True)
class PublishedFile:
    """A published file; it, or what it unpacks to, belongs in `<builtin_files>/<data set>/`."""

    name: str
    url: str
    instead: tuple[str, ...] = ()  # what does as well, as patterns: the unpacked folder, another packing

    def find(self, folder: Path) -> Path | None:
        """Where it lies: in the folder, or up to two folders below, as other programs arrange them."""
        for name in (self.name, *self.instead):
            for pattern in (name, f"*/{name}", f"*/*/{name}"):
                if found := sorted(folder.glob(pattern)):
                    return found[0]
        return None


@dataclass(frozen=True)
class BuiltinDataset:
    name: str
    classes: int
    description: str
    files: tuple[PublishedFile, ...] = ()

    def missing(self, folder: Path) -> list[PublishedFile]:
        """`folder` is the data set's own."""
        return [file for file in self.files if file.find(folder) is None]


def _at(site: str, *names: str) -> tuple[PublishedFile, ...]:
    return tuple(PublishedFile(name, site + name) for name in names)


def _packed(url: str, *unpacked: str) -> PublishedFile:
    """An archive under the name that it has at its address."""
    return PublishedFile(url.rpartition("/")[2], url, unpacked)


def _idx(site: str) -> tuple[PublishedFile, ...]:
    """The four files of MNIST and its relatives, packed or not."""
    names = [f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    return tuple(PublishedFile(f"{name}.gz", f"{site}{name}.gz", (name,)) for name in names)


_CIFAR = "https://www.cs.toronto.edu/~kriz/"
_VGG = "https://www.robots.ox.ac.uk/~vgg/data/"
_CARS = "https://ai.stanford.edu/~jkrause/cars/car_dataset.html"
_GTSRB = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
_IMAGENET = "https://image-net.org/challenges/LSVRC/2012/2012-downloads.php"
_EMNIST = (PublishedFile("gzip.zip", "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip", ("gzip",)),)
_USPS = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"

_ALL = (
    BuiltinDataset(
        "digits",
        10,
        "The 1,797 handwritten digits of 8 x 8 pixels that ship inside scikit-learn, in a fixed split.",
    ),
    BuiltinDataset(
        "cifar10",
        10,
        "CIFAR-10: 60,000 colour images of 32 x 32 pixels.",
        (
            _packed(
                _CIFAR + "cifar-10-binary.tar.gz",
                "cifar-10-batches-bin",
                "cifar-10-python.tar.gz",
                "cifar-10-batches-py",
            ),
        ),
    ),
    BuiltinDataset(
        "cifar100",
        100,
        "CIFAR-100: 60,000 colour images of 32 x 32 pixels, by their fine labels.",
        (
            _packed(
                _CIFAR + "cifar-100-binary.tar.gz",
                "cifar-100-binary",
                "cifar-100-python.tar.gz",
                "cifar-100-python",
            ),
        ),
    ),
    BuiltinDataset(
        "mnist",
        10,
        "MNIST: 70,000 handwritten digits of 28 x 28 pixels.",
        _idx("https://ossci-datasets.s3.amazonaws.com/mnist/"),
    ),
    BuiltinDataset(
        "fashion_mnist",
        10,
        "Fashion-MNIST: 70,000 pieces of clothing of 28 x 28 pixels.",
        _idx("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
    ),
    BuiltinDataset(
        "kmnist",
        10,
        "Kuzushiji-MNIST: 70,000 cursive Japanese characters of 28 x 28 pixels.",
        _idx("http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
    ),
    BuiltinDataset("emnist_balanced", 47, "EMNIST balanced: 131,600 letters and digits of 28 x 28 pixels.", _EMNIST),
    BuiltinDataset("emnist_letters", 26, "EMNIST letters: 145,600 letters of 28 x 28 pixels.", _EMNIST),
    BuiltinDataset(
        "svhn",
        10,
        "SVHN: 99,289 house numbers' digits of 32 x 32 pixels, in colour.",
        _at("http://ufldl.stanford.edu/housenumbers/", "train_32x32.mat", "test_32x32.mat"),
    ),
    BuiltinDataset(
        "usps", 10, "USPS: 9,298 handwritten digits of 16 x 16 pixels.", _at(_USPS, "usps.bz2", "usps.t.bz2")
    ),
    BuiltinDataset(
        "stl10",
        10,
        "STL-10: 13,000 labelled and 100,000 unlabelled images of 96 x 96 pixels.",
        (_packed("http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz", "stl10_binary"),),
    ),
    BuiltinDataset(
        "gtsrb",
        43,
        "GTSRB: 39,270 German traffic signs.",
        (
            _packed(_GTSRB + "GTSRB-Training_fixed.zip", "GTSRB/Training"),
            _packed(_GTSRB + "GTSRB_Final_Test_Images.zip", "GTSRB/Final_Test"),
            _packed(_GTSRB + "GTSRB_Final_Test_GT.zip", "GT-final_test.csv"),
        ),
    ),
    BuiltinDataset(
        "flowers102",
        102,
        "Oxford Flowers 102: 8,189 photographs.",
        (
            _packed(_VGG + "flowers/102/102flowers.tgz", "jpg"),
            *_at(_VGG + "flowers/102/", "imagelabels.mat", "setid.mat"),
        ),
    ),
    BuiltinDataset(
        "food101",
        101,
        "Food-101: 101,000 photographs of dishes.",
        (_packed("http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz", "food-101"),),
    ),
    BuiltinDataset(
        "oxford_pets",
        37,
        "Oxford-IIIT Pet: 7,349 photographs of cats and dogs, by breed.",
        (
            _packed(_VGG + "pets/data/images.tar.gz", "images"),
            _packed(_VGG + "pets/data/annotations.tar.gz", "annotations"),
        ),
    ),
    BuiltinDataset(
        "eurosat",
        10,
        "EuroSAT: 27,000 satellite images of 64 x 64 pixels, in colour.",
        (
            _packed(
                "https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip",
                "2750",
            ),
        ),
    ),
    BuiltinDataset(
        "dtd",
        47,
        "Describable Textures, first partition: 5,640 photographs.",
        (_packed(_VGG + "dtd/download/dtd-r1.0.1.tar.gz", "dtd"),),
    ),
    BuiltinDataset(
        "caltech101",
        101,
        "Caltech 101: 8,677 photographs, without the background category.",
        (
            _packed(
                "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
                "101_ObjectCategories.tar.gz",
                "101_ObjectCategories",
            ),
        ),
    ),
    BuiltinDataset(
        "caltech256",
        257,
        "Caltech 256: 30,607 photographs, its clutter category included.",
        (
            _packed(
                "https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar", "256_ObjectCategories"
            ),
        ),
    ),
    BuiltinDataset(
        "country211",
        211,
        "Country211: 63,300 photographs, by the country they were taken in.",
        (_packed("https://openaipublic.azureedge.net/clip/data/country211.tgz", "country211"),),
    ),
    BuiltinDataset(
        "fgvc_aircraft",
        100,
        "FGVC-Aircraft: 10,000 photographs of aircraft, by variant.",
        (_packed(_VGG + "fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz", "fgvc-aircraft-2013b"),),
    ),
    BuiltinDataset(
        "stanford_cars",
        196,
        "Stanford Cars: 16,185 photographs of cars, by model and year.",
        (
            PublishedFile("cars_train.tgz", _CARS, ("cars_train",)),
            PublishedFile("cars_test.tgz", _CARS, ("cars_test",)),
            PublishedFile("car_devkit.tgz", _CARS, ("devkit",)),
            PublishedFile("cars_test_annos_withlabels.mat", _CARS),
        ),
    ),
    BuiltinDataset(
        "sun397",
        397,
        "SUN397: 108,754 photographs of scenes.",
        (_packed("http://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz", "SUN397"),),
    ),
    BuiltinDataset(
        "imagenette",
        10,
        "Imagenette: 13,394 photographs of ten easy classes of ImageNet.",
        (
            _packed(
                "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2.tgz",
                "imagenette2",
                "imagenette2-320.tgz",
                "imagenette2-320",
                "imagenette2-160.tgz",
                "imagenette2-160",
            ),
        ),
    ),
    BuiltinDataset(
        "imagenet",
        1000,
        "ImageNet (ILSVRC 2012): 1,281,167 photographs to train on, 50,000 to validate.",
        (
            PublishedFile("ILSVRC2012_img_train.tar", _IMAGENET, ("CLS-LOC/train", "train")),
            PublishedFile("ILSVRC2012_img_val.tar", _IMAGENET, ("CLS-LOC/val", "val")),
            PublishedFile(
                "ILSVRC2012_devkit_t12.tar.gz", _IMAGENET, ("LOC_val_solution.csv", "val/n*", "ILSVRC2012_devkit_t12")
            ),
        ),
    ),
)

BUILTIN_DATASETS = {known.name: known for known in _ALL}
